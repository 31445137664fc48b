//! Columns of text in a fixed width: cells wrap, and nothing is cut off.

/// The width every report is written for.
pub(super) const WIDTH: usize = 100;
/// Programs whose commands messages name.
const PROGRAMS: [&str; 2] = ["aws", "tidegate"];

/// `text` in lines of at most `width` characters. A longer word gets a line of its own and is not cut.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `text` as a paragraph: `first` before the first line, as many spaces before the others. Line breaks in `text` stay. A
/// command at the end of a line that is too long gets a line of its own and is not wrapped, so that a person can copy it.
pub(crate) fn paragraph(first: &str, text: &str) -> String {
    let indent = first.chars().count();
    let width = WIDTH.saturating_sub(indent).max(20);
    let lines =
        text.lines().flat_map(|line| match command_in(line).filter(|_| line.chars().count() > width) {
            Some((what, command)) => wrap(what, width).into_iter().chain([command.to_owned()]).collect(),
            None => wrap(line, width),
        });
    let mut out = String::new();
    for (index, line) in lines.enumerate() {
        let lead = if index == 0 { first.to_owned() } else { " ".repeat(indent) };
        out.push_str(&format!("{lead}{line}\n"));
    }
    out
}

/// A line that ends with a command, as its words, colon included, and the command.
fn command_in(line: &str) -> Option<(&str, &str)> {
    let at = PROGRAMS.iter().filter_map(|program| line.rfind(&format!(": {program} "))).max()?;
    let (what, command) = line.split_at(at + 2);
    let is_all = !command.contains("; ") && !command.contains(", ");
    is_all.then_some((what, command))
}

/// Rows of cells as lines. Every column is as wide as its widest cell, up to its limit; the last column takes the rest.
/// A cell that is too wide wraps inside its column.
pub(super) fn columns(rows: &[Vec<String>], limits: &[usize], indent: usize) -> Vec<Vec<String>> {
    let widths: Vec<usize> = limits
        .iter()
        .enumerate()
        .map(|(index, limit)| {
            let widest = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count()).max();
            widest.unwrap_or(0).min(*limit)
        })
        .collect();
    let used: usize = indent + widths.iter().map(|width| width + 2).sum::<usize>();
    let rest = WIDTH.saturating_sub(used).max(24);
    rows.iter().map(|row| lines_of(row, &widths, rest)).collect()
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
                    let have = text.chars().count();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_wrap_inside_their_columns() {
        let rows = vec![
            vec!["graasp".to_owned(), "v1 -> v2".to_owned(), "why it is done".to_owned()],
            vec!["redis".to_owned(), "a very long change indeed".to_owned(), "because".to_owned()],
        ];
        let lines = columns(&rows, &[10, 12], 0);
        assert_eq!(lines[0], ["graasp  v1 -> v2      why it is done"]);
        assert_eq!(lines[1], ["redis   a very long   because", "        change", "        indeed"]);
    }

    #[test]
    fn a_command_can_be_copied() {
        let command = format!("aws ecs stop-task --cluster shop --task {}", "0123".repeat(20));
        let text = format!("it runs\nto stop it: {command}");
        assert_eq!(
            paragraph("  hint: ", &text),
            format!("  hint: it runs\n        to stop it:\n        {command}\n")
        );
        assert_eq!(paragraph("  ", "to see it: tidegate plan shop"), "  to see it: tidegate plan shop\n");
        let prose = format!("either: aws ecs run-task, or {}", "word ".repeat(30));
        assert!(paragraph("  ", &prose).lines().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn no_line_is_wider_than_the_page() {
        let rows = vec![vec!["x".repeat(30), "word ".repeat(60)]];
        assert!(columns(&rows, &[16], 4)[0].iter().skip(1).all(|line| line.chars().count() + 4 <= WIDTH));
        assert!(paragraph("  note  ", &"word ".repeat(60)).lines().all(|line| line.len() <= WIDTH));
    }
}
