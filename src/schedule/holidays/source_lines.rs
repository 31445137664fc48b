//! Which line of a calendar file a piece of it stands in. iCalendar folds long lines, so the parser sees another
//! text than the file.

/// Which line of the file a piece of the unfolded text comes from.
pub(super) struct SourceLines<'a> {
    unfolded: &'a str,
    /// The line of the file at which each unfolded line begins.
    begins: Vec<usize>,
}

impl<'a> SourceLines<'a> {
    pub(super) fn new(text: &str, unfolded: &'a str) -> Self {
        let whole = text.lines().enumerate().filter(|(_, line)| !line.starts_with([' ', '\t']));
        SourceLines { unfolded, begins: whole.map(|(index, _)| index + 1).collect() }
    }

    /// The line of a slice of the unfolded text. Slices know their place by address.
    pub(super) fn of(&self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.unfolded.as_ptr() as usize);
        let before = self.unfolded.get(..offset).unwrap_or_default();
        self.at(before.matches('\n').count())
    }

    /// The line that the parser names: `… at line 3, in …`.
    pub(super) fn of_error(&self, error: &str) -> usize {
        let named = error.split("at line ").nth(1);
        let digits = named.map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
        let line: usize = digits.and_then(|digits| digits.parse().ok()).unwrap_or(1);
        self.at(line.saturating_sub(1))
    }

    fn at(&self, unfolded_line: usize) -> usize {
        self.begins.get(unfolded_line).copied().unwrap_or(1)
    }
}
