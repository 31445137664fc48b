//! YAML as people write it: plain where that cannot be misread, in double quotes everywhere else.
//!
//! Not made with a serialiser, which would write no comments, and comments are half of the file. Every value passes
//! through [`scalar`], and a test reads back what it writes.

use std::fmt::Write as _;

/// Comments end before this column, as the declarations of this repository do.
const WIDTH: usize = 110;

/// Words that some YAML readers do not read as text.
/// <https://yaml.org/type/bool.html>, <https://yaml.org/type/null.html>
const RESERVED: [&str; 11] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];

/// A text as a key or a value, in block or flow style.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// A letter first, then nothing that could end the scalar or make it a number, a date or a comment.
fn is_plain(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let mut rest = text.chars().peekable();
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    while let Some(c) = rest.next() {
        // A colon is part of a text when something follows it: `https://…`, `arn:aws:…`.
        let binds =
            c == ':' && rest.peek().is_some_and(|next| next.is_ascii_alphanumeric() || "/:".contains(*next));
        if !inner(c) && !binds {
            return false;
        }
    }
    begins && !RESERVED.contains(&text.to_ascii_lowercase().as_str())
}

/// <https://yaml.org/spec/1.2.2/#57-escaped-characters>
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if u32::from(c) <= 0xffff => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a string cannot fail");
            }
            c => write!(out, "\\U{:08x}", u32::from(c)).expect("writing to a string cannot fail"),
        }
    }
    out.push('"');
    out
}

/// Lines of a file, one after the other.
#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<String>,
    /// Lines are written as comments, from this column.
    muted: Option<usize>,
}

impl Page {
    /// A line of YAML.
    pub(super) fn line(&mut self, indent: usize, text: impl AsRef<str>) {
        let line = match self.muted {
            None => format!("{:indent$}{}", "", text.as_ref()),
            Some(column) => {
                format!(
                    "{:column$}# {:inner$}{}",
                    "",
                    "",
                    text.as_ref(),
                    inner = indent.saturating_sub(column)
                )
            }
        };
        self.lines.push(line.trim_end().to_owned());
    }

    /// A line with a remark behind it.
    pub(super) fn remarked(&mut self, indent: usize, text: impl AsRef<str>, remark: &str) {
        self.line(indent, format!("{}  # {}", text.as_ref(), one_line(remark)));
    }

    /// A comment in as many lines as it takes.
    pub(super) fn comment(&mut self, indent: usize, text: &str) {
        let mut line = String::new();
        for word in one_line(text).split(' ') {
            if !line.is_empty() && indent + 3 + line.len() + word.len() > WIDTH {
                self.lines.push(format!("{:indent$}# {line}", ""));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.lines.push(format!("{:indent$}# {line}", ""));
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.lines.push(String::new());
    }

    /// Comments out every line that `write` writes.
    pub(super) fn muted(&mut self, column: usize, write: impl FnOnce(&mut Self)) {
        let before = self.muted.replace(column);
        write(self);
        self.muted = before;
    }

    /// The file's text.
    pub(super) fn finish(self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// A comment must not end where a name brings a line break along.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> serde_yaml::Value {
        serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn comes_back(text: &str) {
        let scalar = scalar(text);
        let expected = serde_yaml::Value::String(text.to_owned());
        assert_eq!(read(&scalar), expected, "{scalar}");
        assert_eq!(read(&format!("{{k: {scalar}, {scalar}: [{scalar}]}}"))["k"], expected, "{scalar}");
        assert_eq!(read(&format!("a:\n  {scalar}: {scalar}  # x\n"))["a"][text], expected, "{scalar}");
    }

    #[test]
    fn what_people_would_write_plain_is_plain() {
        for text in
            ["v2.25.0", "graasp-prod", "https://m.graasp.org/", "arn:aws:iam::1:role/x", "/shop/secret"]
        {
            assert_eq!(scalar(text), text);
        }
        for text in [
            "592217263685",
            "2.25.0",
            "1e3",
            "yes",
            "No",
            "~",
            "",
            "a: b",
            "a #b",
            "{a}",
            "x:",
            "- a",
            "a b",
            "é",
        ] {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
        assert_eq!(scalar("a\"b\\c\n"), r#""a\"b\\c\u000a""#);
    }

    #[test]
    fn awkward_texts_come_back() {
        for text in [
            "012345678901",
            "null",
            "on",
            "0x1f",
            "1:30",
            "2026-11-24",
            ".inf",
            "a\u{0}b",
            "\u{feff}",
            "\u{85}",
            "🦀",
            "=",
            "<<",
            "a:b",
            "a:/",
            ":a",
            "/",
        ] {
            comes_back(text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_text_comes_back(text in "\\PC*|[a-z0-9:#{}\\[\\], \"'\\\\&*!|>%@`~.-]{0,12}|.{0,6}") {
            comes_back(&text);
        }
    }

    #[test]
    fn comments_are_wrapped_and_stay_comments() {
        let mut page = Page::default();
        page.comment(2, &"word ".repeat(40));
        page.comment(0, "a name with\na break: x");
        page.muted(2, |page| page.line(4, "web: {}"));
        let text = page.finish();
        assert!(
            text.lines().all(|line| line.trim_start().starts_with("# ") && line.len() <= WIDTH),
            "{text}"
        );
        assert!(text.ends_with("  #   web: {}\n"), "{text}");
    }
}
