//! Turns of speech that must not come back, wherever a person reads: messages, docs, examples, transcripts.
//!
//! Comments that only programmers of one file read (`//`) are free, and so are test modules.

use std::path::Path;

use super::{is_test_file, repository, shipped, sources};

/// The turn in small letters, and what says the same. A turn matches whole words.
const TURNS: &[(&str, &str)] = &[
    ("no more", "no longer"),
    ("any more", "no longer"),
    ("whoever", "name who: an operator, another process, AWS"),
    ("nobody", "name who: no operator, no task, no one outside tidegate; or `unknown`"),
    ("somebody", "name who: an operator, someone outside tidegate, another process"),
    ("goes on", "continues, or keeps running"),
    ("go on", "continue, or keep running"),
    ("taken up", "accepted, or read by the next run"),
    ("takes up", "accepts"),
    ("left to itself", "tidegate does not change it"),
    ("left alone", "tidegate does not change it"),
    ("left as it is", "tidegate does not change it"),
    ("in other hands", "locked by another process"),
    ("asked to go", "interrupted by shutdown"),
    ("behind our back", "by someone outside tidegate"),
    ("behind its back", "by someone outside tidegate"),
    ("is told", "is reported; or say who reads it"),
    ("are told", "are reported; or say who reads it"),
    ("at hand", "available"),
    ("for ever", "forever, or name the limit"),
    ("under way", "running, or in progress"),
    ("hands off", "tidegate does not change it"),
    ("keep its hands", "does not change"),
    ("keeps its hands", "does not change"),
    ("done to", "say which change, and to what"),
    ("wish", "request, or command"),
    ("wishes", "requests, or commands"),
    ("a rule of its own", "an internal safety check"),
    ("asked for it already", "requested it before"),
    ("would be well", "is healthy, or would succeed"),
];

/// With these words after it, a turn means something else.
const MEANS_SOMETHING_ELSE: &[(&str, &str)] = &[("no more", "than"), ("any more", "than")];

/// The JSON of an operator request has a field of this name, which is stable.
const FIELD: &str = "`wish`";

/// A piece of text, and the line that its first character stands in.
#[derive(Debug, PartialEq)]
struct Text {
    line: usize,
    text: String,
    /// A doc comment: `What was read, by name` is a good label of a field, and a riddle as a message.
    is_label: bool,
}

#[test]
fn no_turn_that_must_not_come_back_is_back() {
    let mut found = Vec::new();
    for (name, text) in sources("src").iter().filter(|(name, _)| !is_test_file(name)) {
        for text in of_rust(shipped(text)) {
            found.extend(turns(&text).into_iter().map(|said| format!("{name}:{said}")));
        }
    }
    for (name, text) in documents() {
        for text in of_document(&text) {
            found.extend(turns(&text).into_iter().map(|said| format!("{name}:{said}")));
        }
    }
    assert!(found.is_empty(), "{} turns to reword:\n{}", found.len(), found.join("\n"));
}

/// What is read outside of the program.
fn documents() -> Vec<(String, String)> {
    const FOLDERS: [&str; 5] = ["systemd", "examples", "environments", "tests/cases", "src"];
    const KINDS: [&str; 8] = ["md", "yaml", "yml", "service", "env", "toml", "case", "json"];
    let mut open: Vec<_> = FOLDERS.iter().map(|folder| repository().join(folder)).collect();
    let top = std::fs::read_dir(repository()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = top.filter(|path| is_of(path, &["md"])).collect();
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => open.push(path),
                false if is_of(&path, &KINDS) => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    let named = files.iter().map(|path| {
        let name = path.strip_prefix(repository()).unwrap().display().to_string();
        // Cases of the YAML reader hold files that are no text.
        (name, String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned())
    });
    named.collect()
}

fn is_of(path: &Path, kinds: &[&str]) -> bool {
    path.extension().is_some_and(|kind| kinds.iter().any(|known| kind == *known))
}

/// Paragraphs, without the table that shows the turns themselves.
fn of_document(text: &str) -> Vec<Text> {
    let mut texts: Vec<Text> = Vec::new();
    let mut is_inside = false;
    let mut is_shown = false;
    for (index, line) in text.lines().enumerate() {
        is_shown = (is_shown || line == "| not | but |") && !line.is_empty();
        let is_text = !line.trim().is_empty() && !is_shown;
        match texts.last_mut().filter(|_| is_inside && is_text) {
            Some(last) => last.text.extend(["\n", line]),
            None if is_text => texts.push(Text { line: index + 1, text: line.to_owned(), is_label: false }),
            None => {}
        }
        is_inside = is_text;
    }
    texts
}

/// Doc comments, a block as one text, and string literals of more than one word.
fn of_rust(text: &str) -> Vec<Text> {
    let mut texts: Vec<Text> = Vec::new();
    let (mut rest, mut line) = (text, 1);
    let mut doc_ends_at = 0;
    while let Some(first) = rest.chars().next() {
        let (length, said) = token(rest);
        if let Some(said) = said {
            match texts.last_mut().filter(|_| said.is_doc && doc_ends_at + 1 == line) {
                Some(last) => last.text.extend(["\n", &said.text]),
                None if said.is_doc || said.text.trim().contains(' ') => {
                    texts.push(Text { line, text: said.text, is_label: said.is_doc });
                }
                None => {}
            }
            if said.is_doc {
                doc_ends_at = line;
            }
        }
        let length = length.max(first.len_utf8());
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    texts
}

struct Said {
    text: String,
    is_doc: bool,
}

/// How long the next token is, and what a person reads of it. Everything but comments and literals is a token of one
/// character.
fn token(rest: &str) -> (usize, Option<Said>) {
    if rest.starts_with("//") {
        let length = rest.find('\n').unwrap_or(rest.len());
        let comment = &rest[..length];
        let doc = comment.strip_prefix("//!").or_else(|| comment.strip_prefix("///"));
        return (length, doc.map(|text| Said { text: text.to_owned(), is_doc: true }));
    }
    if let Some((open, close)) = raw_string(rest) {
        let end = rest[open..].find(&close).map_or(rest.len(), |at| open + at);
        let text = rest[open..end].to_owned();
        return ((end + close.len()).min(rest.len()), Some(Said { text, is_doc: false }));
    }
    if let Some(inside) = rest.strip_prefix('"') {
        let mut is_escaped = false;
        let end = inside.find(|letter| {
            let ends = letter == '"' && !is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
            ends
        });
        let end = end.map_or(rest.len(), |at| at + 1);
        // A backslash at the end of a line takes the space at the beginning of the next one with it.
        let text = rest[1..end].replace("\\\n", "\n").replace("\\n", " ");
        return ((end + 1).min(rest.len()), Some(Said { text, is_doc: false }));
    }
    // A character, so that `'"'` opens no string; a lifetime has no second quote.
    for character in ["'\"'", "'\\\"'", "'\\''", "'\\\\'"] {
        if rest.starts_with(character) {
            return (character.len(), None);
        }
    }
    (0, None)
}

/// Where the text of a raw string begins, and what ends it.
fn raw_string(rest: &str) -> Option<(usize, String)> {
    let hashes = rest.strip_prefix('r')?.chars().take_while(|letter| *letter == '#').count();
    rest[1 + hashes..].starts_with('"').then(|| (hashes + 2, format!("\"{}", "#".repeat(hashes))))
}

/// `line: "turn": say …`
fn turns(text: &Text) -> Vec<String> {
    let words = words(&text.text);
    let mut found = Vec::new();
    for (turn, instead) in TURNS {
        let turn_words: Vec<&str> = turn.split(' ').collect();
        for (index, window) in words.windows(turn_words.len()).enumerate() {
            let after = words.get(index + turn_words.len()).map(|word| word.text.as_str());
            let is_another = |(other, next): &(&str, &str)| other == turn && after == Some(*next);
            let is_it = window.iter().zip(&turn_words).all(|(word, wanted)| word.text == *wanted)
                && window[..window.len() - 1].iter().all(|word| !word.ends_clause);
            if is_it && !MEANS_SOMETHING_ELSE.iter().any(is_another) {
                found.push(format!("{}: `{turn}`: say `{instead}`", text.line + window[0].line));
            }
        }
    }
    for line in riddles(&words).into_iter().filter(|_| !text.is_label) {
        found.push(format!("{}: a sentence `What …, …`: begin with who does it", text.line + line));
    }
    found
}

#[derive(Debug)]
struct Word {
    text: String,
    is_capital: bool,
    line: usize,
    /// Another clause or sentence begins after it.
    ends_clause: bool,
    ends_sentence: Option<char>,
    has_comma: bool,
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for (line, text) in text.split('\n').enumerate() {
        for raw in text.split_whitespace() {
            let is_letter =
                |letter: char| letter.is_alphanumeric() || letter == '\'' || letter == '’' || letter == '_';
            if raw.trim_matches(',') == FIELD {
                continue;
            }
            let bare = raw.trim_matches(|letter| !is_letter(letter));
            if bare.is_empty() {
                continue;
            }
            let tail = &raw[raw.rfind(bare).unwrap_or(0) + bare.len()..];
            words.push(Word {
                text: bare.to_lowercase(),
                is_capital: bare.starts_with(char::is_uppercase),
                line,
                ends_clause: tail.contains([',', ';', ':', '.', '!', '?', ')']),
                ends_sentence: tail.chars().find(|letter| ['.', '!', '?', ';', ':'].contains(letter)),
                has_comma: tail.contains(','),
            });
        }
    }
    words
}

/// Lines of sentences that begin with `What`, have a comma and are no question.
fn riddles(words: &[Word]) -> Vec<usize> {
    let sentences = words.split_inclusive(|word| word.ends_sentence.is_some());
    let riddle = sentences.filter(|sentence| {
        let (first, last) = (&sentence[0], sentence.last().expect("a sentence has words"));
        let is_question = last.ends_sentence == Some('?');
        first.text == "what" && first.is_capital && !is_question && sentence.iter().any(|word| word.has_comma)
    });
    riddle.map(|sentence| sentence[0].line).collect()
}

#[test]
fn turns_are_found_in_what_people_read_and_nowhere_else() {
    let source = concat!(
        "//! The run goes\n//! on. Nobody waits.\nuse a; // whoever reads this\n",
        "/// No more than five.\nfn f() { say(\"it is left \\\n     alone\", '\"', \"whoever\", r#\"a \"wish\" here\"#); }\n",
        "/// What is read, by name.\nconst A: &str = \"What is read, is read. What now, then?\";\n"
    );
    let found: Vec<String> = of_rust(source).iter().flat_map(turns).collect();
    let lines: Vec<&str> =
        found.iter().map(|said| &said[..said.rfind(": say").unwrap_or(said.len())]).collect();
    assert_eq!(
        lines,
        [
            "2: `nobody`",
            "1: `goes on`",
            "5: `left alone`",
            "6: `wish`",
            "8: a sentence `What …, …`: begin with who does it"
        ]
    );
    let page = "A wish.\n\n| not | but |\n|---|---|\n| nobody | no operator |\n\nsomebody\n";
    let found: Vec<String> = of_document(page).iter().flat_map(turns).collect();
    assert_eq!(found.len(), 2, "{found:?}");
}
