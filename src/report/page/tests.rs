use proptest::prelude::*;

use super::*;

fn sim() -> Page {
    Page::PLAIN.with_flags(&[("cloud", "sim"), ("dir", "/tmp/my envs"), ("store", "/var/it's")])
}

const FLAGS: &str = r"--cloud sim --dir '/tmp/my envs' --store '/var/it'\''s'";

#[test]
fn a_command_gets_the_flags_of_the_call_and_keeps_its_own() {
    for (said, shown) in [
        ("to see them: tidegate plan dev\n", format!("to see them: tidegate plan dev {FLAGS}\n")),
        (
            "try again: tidegate retry dev --reason \"…\"",
            format!("try again: tidegate retry dev {FLAGS} --reason \"…\""),
        ),
        ("after `tidegate poke`, it is read", format!("after `tidegate poke {FLAGS}`, it is read")),
        ("git checkout 3f2a && tidegate validate", format!("git checkout 3f2a && tidegate validate {FLAGS}")),
        (
            "tidegate run --repo .         # then commit",
            r"tidegate run --cloud sim --store '/var/it'\''s' --repo .         # then commit".to_owned(),
        ),
        ("one:\n  tidegate status dev\n", format!("one:\n  tidegate status dev {FLAGS}\n")),
        (
            "\u{1b}[36mnext:\u{1b}[0m tidegate plan dev\u{1b}[2m x",
            format!("\u{1b}[36mnext:\u{1b}[0m tidegate plan dev {FLAGS}\u{1b}[2m x"),
        ),
    ] {
        let first = sim().addressed(said);
        assert_eq!(first, shown);
        assert_eq!(sim().addressed(&first), first, "once is enough");
        assert_eq!(Page::PLAIN.addressed(said), said);
    }
}

#[test]
fn words_that_are_no_command_stay() {
    for text in [
        "tidegate plans again, and tidegate run by hand ends",
        "another tidegate process",
        "tidegate demo --keep",
        "this is tidegate status, says ann",
    ] {
        assert_eq!(sim().addressed(text), text);
    }
}

#[test]
fn json_shows_the_same_commands_in_messages_and_hints_only() {
    let said = serde_json::json!({
        "reason": "ann: tidegate apply dev",
        "blocked": [{"message": "m", "hints": ["go: tidegate apply dev --now"]}],
        "hint": "go: tidegate validate",
    });
    let shown = sim().addressed_json(&said);
    assert_eq!(shown["reason"], said["reason"]);
    assert_eq!(shown["blocked"][0]["hints"][0], format!("go: tidegate apply dev {FLAGS} --now"));
    assert_eq!(shown["hint"], format!("go: tidegate validate {FLAGS}"));
}

#[test]
fn cells_wrap_inside_their_columns() {
    let rows = vec![
        vec!["graasp".to_owned(), "v1 -> v2".to_owned(), "why it is done".to_owned()],
        vec!["redis".to_owned(), "a very long change indeed".to_owned(), "because".to_owned()],
    ];
    let lines = Page::PLAIN.columns(&rows, &[10, 12], 0);
    assert_eq!(lines[0], ["graasp  v1 -> v2      why it is done"]);
    assert_eq!(lines[1], ["redis   a very long   because", "        change", "        indeed"]);
}

/// Words, commands and addresses, as messages have them.
fn prose() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => "[a-z]{1,12}",
        1 => Just("`tidegate apply production --now`".to_owned()),
        1 => Just("https://eu-central-2.console.aws.amazon.com/ecs/v2/clusters/graasp/services".to_owned()),
    ];
    let end = prop_oneof![
        3 => Just(String::new()),
        1 => Just(" to go on: tidegate retry production --reason \"the cause is removed\"".to_owned()),
    ];
    (prop::collection::vec(word, 1..40), end).prop_map(|(words, end)| words.join(" ") + &end)
}

/// Lines that are too long although they could be broken.
fn overlong(text: &str, width: usize, indent: usize) -> Vec<String> {
    let is_broken = |line: &&str| visible(line) + indent <= width || units(line).len() == 1;
    text.lines().filter(|line| !is_broken(line)).map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_page_and_no_word_is_lost(
        width in 40_usize..=200,
        text in prose(),
        cells in prop::collection::vec("[a-z]{1,30}( [a-z-]{1,16}){0,3}", 2),
    ) {
        let page = sim().with_width(width);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = page.addressed(&text);
        for rendered in [page.paragraph("", &text), page.fit(&text)] {
            prop_assert_eq!(overlong(&rendered, width, 0), Vec::<String>::new());
            prop_assert_eq!(words(&rendered), words(&shown));
        }
        let below = page.paragraph("    hint: ", &text);
        let inside = below.lines().map(|line| line.chars().skip(10).collect::<String>() + "\n");
        prop_assert_eq!(overlong(&inside.collect::<String>(), width, 10), Vec::<String>::new());
        let row: Vec<String> = cells.into_iter().chain([text]).collect();
        let lines = page.columns(std::slice::from_ref(&row), &[12, 20], 7)[0].join("\n");
        prop_assert_eq!(overlong(&lines, width, 7), Vec::<String>::new(), "{}", lines);
    }
}
