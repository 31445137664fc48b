//! Waits, pauses and ages are measured on the monotonic clock. The compiler keeps the two kinds of instants apart; this
//! finds the arithmetic that stays on the wall clock, where each place says why it may.

use super::{is_test_file, room, shipped, sources};

/// Files that may calculate with the present time of the wall clock.
const MAY_CALCULATE: &[(&str, &str)] = &[
    ("src/context/backend/real.rs", "`--at` shows another day"),
    ("src/context/backend/simulated.rs", "the simulated calendar does not lag behind the real one"),
    ("src/execute/drain.rs", "the rest of a wait whose end the plan shows, once, before it begins"),
    ("src/execute/migrate/watch.rs", "the age of a recorded intent, without the steps of the clock"),
    ("src/reconcile/giving_up.rs", "how long a release stands still, across processes"),
];

const OPERATORS: [&str; 6] = ["-", "+", "<", ">", "<=", ">="];

/// Whether a line adds to, subtracts from or compares with `something.now()`.
fn calculates(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(".now()").any(|(at, found)| {
        let after = code[at + found.len()..].split_whitespace().next().unwrap_or_default();
        let before = code[..at].trim_end_matches(|c: char| c.is_alphanumeric() || "._".contains(c));
        let before = before.split_whitespace().next_back().unwrap_or_default();
        OPERATORS.contains(&after) || OPERATORS.contains(&before)
    })
}

#[test]
fn the_rule_sees_every_form() {
    for line in [
        "let waited = (SystemClock.now() - self.begun_at).to_std();",
        "let deadline = clock.now() + wait_max;",
        "while self.clock.now() < until {",
        "if until <= context.clock.now() {",
        "let left = until - self.watcher.clock.now();",
    ] {
        assert!(calculates(line), "{line}");
    }
    for line in
        ["let now = clock.now();", "take(clock.now(), -1)", "// until - clock.now() is left", "a -> b.now()"]
    {
        assert!(!calculates(line), "{line}");
    }
}

#[test]
fn nothing_is_measured_on_the_wall_clock() {
    let (mut found, files) = (Vec::new(), sources("src"));
    for (name, text) in files.iter().filter(|(name, _)| !is_test_file(name)) {
        // The time of the simulated world is the world's own.
        if room(name) == "sim" || name.starts_with("src/cli/demo") {
            continue;
        }
        if shipped(text).lines().any(calculates) {
            found.push(name.as_str());
        }
    }
    let allowed: Vec<&str> = MAY_CALCULATE.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, allowed, "measure it with Clock::monotonic, or say here why the wall clock is right");
}
