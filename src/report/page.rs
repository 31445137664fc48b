//! The page that a text is written for: its width, and the flags of the call, without which a printed command would
//! speak of another cloud or another store than the call did.
//!
//! Commands are recognised in the text, so that what is stored (a run, a journal, a record) names no flag of the call
//! that wrote it: flags are added where a text is shown. A command stands between backticks, or after a colon and to the
//! end of its line.

use std::ops::Range;

use serde_json::Value;

/// The verbs whose commands take the flags of the call.
pub const VERBS: [&str; 15] = [
    "validate",
    "plan",
    "apply",
    "run",
    "status",
    "history",
    "schedule",
    "override",
    "suspend",
    "resume",
    "retry",
    "abort",
    "record-schema",
    "poke",
    "import",
];
/// Programs whose commands are not broken between two lines, so that a person can copy them.
const OTHER_PROGRAMS: [&str; 2] = ["aws", "git"];
const PROGRAM: &str = "tidegate ";
/// Flags that name the place of the declarations: a command that has one of them needs none of the call's.
const PLACES: [&str; 2] = ["--repo", "--dir"];
/// The smallest width that a column of prose is given.
const PROSE_MIN: usize = 24;

/// How a text is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    width: usize,
    /// Name and value as a shell reads them: `--cloud`, `sim`.
    flags: Vec<(String, String)>,
}

/// 100 columns, and a call without flags.
pub static PLAIN: Page = Page::PLAIN;

impl Page {
    /// 100 columns, and a call without flags.
    pub const PLAIN: Page = Page { width: 100, flags: Vec::new() };

    /// A page of this many columns.
    #[must_use]
    pub fn with_width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// A page of a call with these flags, such as `("cloud", "sim")`.
    #[must_use]
    pub fn with_flags(mut self, flags: &[(&str, &str)]) -> Self {
        self.flags = flags.iter().map(|(name, value)| (format!("--{name}"), quoted(value))).collect();
        self
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// `text` with the flags of the call in every command. A flag that a command has already stays as it is.
    pub fn addressed(&self, text: &str) -> String {
        if self.flags.is_empty() || !text.contains(PROGRAM) {
            return text.to_owned();
        }
        let lines = text.split_inclusive('\n').map(|line| {
            let mut line = line.to_owned();
            for range in commands(&line).into_iter().rev() {
                if verb(&line[range.clone()]).is_some() {
                    let command = self.with_missing(&line[range.clone()]);
                    line.replace_range(range, &command);
                }
            }
            line
        });
        lines.collect()
    }

    /// The command with the flags that it lacks, before the flags that it has.
    fn with_missing(&self, command: &str) -> String {
        let has = |flag: &str| command.split([' ', '=']).any(|word| word == flag);
        let has_place = PLACES.iter().any(|flag| has(flag));
        let lacks = |flag: &str| !(has(flag) || has_place && (PLACES.contains(&flag) || flag == "--rev"));
        let flags = self.flags.iter().filter(|(flag, _)| lacks(flag));
        let missing: String = flags.map(|(flag, value)| format!(" {flag} {value}")).collect();
        let at = command.find(" -").unwrap_or(command.len());
        format!("{}{missing}{}", &command[..at], &command[at..])
    }

    /// `text` with the flags in its commands, and with its long lines folded at spaces. Lines that fit stay.
    pub fn fit(&self, text: &str) -> String {
        let text = self.addressed(text);
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            if visible(line.trim_end()) <= self.width {
                out.push_str(line);
                continue;
            }
            let hang = hang(line, self.width);
            let mut length = 0;
            for (gap, unit) in units(line.trim_end()) {
                let breaks = length > 0 && length + gap + visible(unit) > self.width && length > hang;
                if breaks {
                    out.push_str(&format!("\n{}", " ".repeat(hang)));
                    length = hang;
                } else {
                    out.push_str(&" ".repeat(gap));
                    length += gap;
                }
                out.push_str(unit);
                length += visible(unit);
            }
            if line.ends_with('\n') {
                out.push('\n');
            }
        }
        out
    }

    /// A document with the flags of the call in the commands of its messages and hints.
    pub fn addressed_json(&self, document: &Value) -> Value {
        let shown = |key: &str, value: &Value| match value {
            Value::String(text) if ["message", "hint"].contains(&key) => Value::String(self.addressed(text)),
            Value::Array(hints) if key == "hints" => {
                let hint = |hint: &Value| hint.as_str().map(|text| Value::String(self.addressed(text)));
                hints.iter().map(|one| hint(one).unwrap_or_else(|| one.clone())).collect()
            }
            other => self.addressed_json(other),
        };
        match document {
            Value::Array(values) => values.iter().map(|value| self.addressed_json(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), shown(key, value))).collect()
            }
            other => other.clone(),
        }
    }

    /// `text` as a paragraph: `first` before the first line, as many spaces before the others. Line breaks in `text`
    /// stay.
    pub(crate) fn paragraph(&self, first: &str, text: &str) -> String {
        let indent = first.chars().count();
        let text = self.addressed(text);
        let mut out = String::new();
        for (index, line) in
            text.lines().flat_map(|line| wrap(line, self.width.saturating_sub(indent))).enumerate()
        {
            let lead = if index == 0 { first.to_owned() } else { " ".repeat(indent) };
            out.push_str(&format!("{lead}{line}\n"));
        }
        out
    }

    /// Rows of cells as lines. Every column is as wide as its widest cell, up to its limit; the last column takes the
    /// rest. A cell that is too wide wraps inside its column; a row that does not fit into columns becomes a paragraph.
    pub(super) fn columns(&self, rows: &[Vec<String>], limits: &[usize], indent: usize) -> Vec<Vec<String>> {
        let widest = |index: usize| {
            rows.iter().filter_map(|row| row.get(index)).map(|cell| visible(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> =
            limits.iter().enumerate().map(|(index, limit)| widest(index).min(*limit)).collect();
        let used: usize = indent + widths.iter().map(|width| width + 2).sum::<usize>();
        let rest = self.width.saturating_sub(used).max(PROSE_MIN.min(widest(limits.len())));
        rows.iter()
            .map(|row| {
                let lines = lines_of(row, &widths, rest);
                match lines.iter().all(|line| indent + visible(line.trim_end()) <= self.width) {
                    true => lines,
                    false => self.as_paragraph(row, indent),
                }
            })
            .collect()
    }

    /// The cells of a row one after the other, with the lines below the first one set in.
    fn as_paragraph(&self, row: &[String], indent: usize) -> Vec<String> {
        let cells: Vec<&str> = row.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
        let lines = wrap(&cells.join(" "), self.width.saturating_sub(indent + 2));
        let set_in = |(index, line): (usize, String)| if index == 0 { line } else { format!("  {line}") };
        lines.into_iter().enumerate().map(set_in).collect()
    }
}

/// `text` in lines of at most `width` characters. A longer word or command gets a line of its own and is not cut.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (_, unit) in units(text) {
        match lines.last_mut() {
            Some(line) if visible(line) + 1 + visible(unit) <= width => {
                line.push(' ');
                line.push_str(unit);
            }
            _ => lines.push(unit.to_owned()),
        }
    }
    lines
}

fn lines_of(row: &[String], widths: &[usize], rest: usize) -> Vec<String> {
    let width_at = |index: usize| widths.get(index).copied().unwrap_or(rest);
    let cells: Vec<Vec<String>> =
        row.iter().enumerate().map(|(index, cell)| wrap(cell, width_at(index).max(1))).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    (0..height)
        .map(|line| {
            let mut text = String::new();
            let mut due = 0;
            for (index, cell) in cells.iter().enumerate() {
                if let Some(part) = cell.get(line) {
                    let have = visible(&text);
                    // A word wider than its column pushes what follows, by one space at least.
                    let gap = if have > 0 && have >= due { 1 } else { due - have };
                    text.push_str(&" ".repeat(gap));
                    text.push_str(part);
                }
                due += width_at(index) + 2;
            }
            text
        })
        .collect()
}

/// The parts of a line that are not broken, each with the number of spaces before it: words and commands.
fn units(line: &str) -> Vec<(usize, &str)> {
    let commands = commands(line);
    let is_break =
        |at: usize, letter: char| letter.is_whitespace() && !commands.iter().any(|range| range.contains(&at));
    let mut units = Vec::new();
    let (mut gap, mut start) = (0, None);
    for (at, letter) in line.char_indices() {
        match (is_break(at, letter), start) {
            (true, Some(from)) => {
                units.push((gap, &line[from..at]));
                (gap, start) = (1, None);
            }
            (true, None) => gap += 1,
            (false, None) => start = Some(at),
            (false, Some(_)) => {}
        }
    }
    units.extend(start.map(|from| (gap, &line[from..])));
    units
}

/// Where the commands of one line are.
fn commands(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((start, closing)) = next_command(line, from) {
        let rest = &line[start..];
        let end = closing.and_then(|mark| rest.find(mark)).unwrap_or_else(|| {
            let ends = ["\u{1b}", " && ", "  "].iter().filter_map(|mark| rest.find(mark));
            ends.min().unwrap_or(rest.trim_end().len())
        });
        found.push(start..start + end);
        from = start + end.max(1);
    }
    found
}

/// The first command from `from` on: its start, and the mark that ends it, if it is not the end of the line.
fn next_command(line: &str, from: usize) -> Option<(usize, Option<char>)> {
    let starts = line[from..].char_indices().map(|(at, _)| from + at);
    let begins_word =
        |at: &usize| line[..*at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
    starts.filter(begins_word).find_map(|at| {
        let (word, _) = line[at..].split_once(' ')?;
        let is_ours = verb(&line[at..]).is_some();
        if !is_ours && !OTHER_PROGRAMS.contains(&word) {
            return None;
        }
        let before = anstream::adapter::strip_str(&line[..at]).to_string();
        let opened = before.trim_end();
        match opened.chars().next_back() {
            Some('`') if before.ends_with('`') => Some((at, Some('`'))),
            Some('(') if before.ends_with('(') => Some((at, Some(')'))),
            Some(':') => Some((at, None)),
            _ if is_ours && opened.ends_with("&&") => Some((at, None)),
            // A sentence may begin with the name of another program.
            _ if opened.is_empty() && (is_ours || line[at..].contains(" --")) => Some((at, None)),
            _ => None,
        }
    })
}

/// The verb of a command of tidegate.
fn verb(command: &str) -> Option<&str> {
    let rest = command.strip_prefix(PROGRAM)?;
    let word = rest.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-').next()?;
    VERBS.into_iter().find(|verb| *verb == word)
}

/// How far the lines below a folded line are set in: to its second column, or below the first word after its label.
fn hang(line: &str, width: usize) -> usize {
    let plain = anstream::adapter::strip_str(line).to_string();
    let lead = plain.chars().take_while(|letter| *letter == ' ').count();
    let rest: String = plain.chars().skip(lead).collect();
    let column = rest.find("  ").map(|at| {
        let (before, after) = rest.split_at(at);
        before.chars().count() + after.chars().take_while(|letter| *letter == ' ').count()
    });
    let hang = match column {
        Some(column) if lead + column <= width / 3 => column,
        _ if rest.starts_with("hint: ") => "hint: ".len(),
        _ => 2,
    };
    (lead + hang).min(width / 2)
}

/// The number of characters that a terminal shows.
pub(super) fn visible(text: &str) -> usize {
    match text.contains('\u{1b}') {
        true => anstream::adapter::strip_str(text).to_string().chars().count(),
        false => text.chars().count(),
    }
}

/// A value as a POSIX shell reads it.
fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:@%+=,".contains(letter);
    match !value.is_empty() && value.chars().all(is_plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests;
