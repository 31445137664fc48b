//! The syntax of iCalendar: folded lines, properties with parameters, components in each other.
//! <https://www.rfc-editor.org/rfc/rfc5545#section-3.1>
//!
//! A line may be folded between any two bytes, in the middle of a letter too, so lines are unfolded before they are
//! decoded.

/// One property, and the line of the file that it begins in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) line: usize,
    /// In capitals.
    pub(super) name: String,
    pub(super) value: String,
    parameters: Vec<(String, String)>,
}

impl Property {
    /// A parameter's value, without quotes. `name` in capitals.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// As it stands in the file, without parameters.
    pub(super) fn written(&self) -> String {
        format!("{}:{}", self.name, self.value)
    }
}

/// `BEGIN:NAME` … `END:NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) line: usize,
    /// In capitals.
    pub(super) name: String,
    pub(super) properties: Vec<Property>,
    pub(super) parts: Vec<Component>,
}

impl Component {
    /// The first property of that name.
    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// All properties of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    /// A property's value, without blanks around it.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.property(name).map(|property| property.value.trim())
    }
}

/// A line that does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) line: usize,
    pub(super) message: String,
}

/// A file, read: its outermost components, and the lines that are no properties.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) components: Vec<Component>,
    pub(super) misfits: Vec<Misfit>,
}

/// Reads the components of a file.
///
/// # Errors
/// The first line after which the file cannot be understood.
pub(super) fn read(bytes: &[u8]) -> Result<File, Misfit> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Misfit { line: 1, message: "this calendar is UTF-16 text, not UTF-8".to_owned() });
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let mut file = File::default();
    let mut open: Vec<Component> = Vec::new();
    for (line, bytes) in unfolded(bytes) {
        let text = String::from_utf8_lossy(&bytes);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            file.misfits.push(Misfit { line, message: "this line is not UTF-8 text".to_owned() });
        }
        if text.trim().is_empty() {
            continue;
        }
        let Some(property) = property(line, &text) else {
            if open.is_empty() && file.components.is_empty() {
                return Err(Misfit { line, message: "this is not an iCalendar file".to_owned() });
            }
            let message =
                "this line of the calendar is ignored: it is not a property `NAME:value`".to_owned();
            file.misfits.push(Misfit { line, message });
            continue;
        };
        let name = property.value.trim().to_ascii_uppercase();
        match property.name.as_str() {
            "BEGIN" => open.push(Component { line, name, ..Component::default() }),
            "END" => {
                let Some(ended) = open.pop_if(|component| component.name == name) else {
                    let message = format!("`END:{name}` ends nothing that began");
                    return Err(Misfit { line, message });
                };
                open.last_mut().map_or(&mut file.components, |outer| &mut outer.parts).push(ended);
            }
            _ => match open.last_mut() {
                Some(component) => component.properties.push(property),
                None if file.components.is_empty() => {
                    return Err(Misfit { line, message: "this is not an iCalendar file".to_owned() });
                }
                None => {
                    let message = "this line is ignored: it stands outside of the calendar".to_owned();
                    file.misfits.push(Misfit { line, message });
                }
            },
        }
    }
    match open.last() {
        Some(Component { line, name, .. }) => {
            let message = format!("the calendar is cut off: `{name}` begins here and does not end");
            Err(Misfit { line: *line, message })
        }
        None => Ok(file),
    }
}

/// Whole lines, each with the number of the line that it begins in. Lines end in CRLF; LF and CR alone occur, too.
fn unfolded(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut whole: Vec<(usize, Vec<u8>)> = Vec::new();
    let (mut rest, mut number) = (bytes, 0);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let line = &rest[..end];
        let after = if rest[end..].starts_with(b"\r\n") { end + 2 } else { (end + 1).min(rest.len()) };
        rest = &rest[after..];
        number += 1;
        match (line, whole.last_mut()) {
            ([b' ' | b'\t', more @ ..], Some((_, before))) => before.extend_from_slice(more),
            _ => whole.push((number, line.to_vec())),
        }
    }
    whole
}

/// `NAME;PARAMETER=value;OTHER="quoted: value":value`
fn property(line: usize, text: &str) -> Option<Property> {
    let name_end = text.find([';', ':'])?;
    let name = text[..name_end].trim().to_ascii_uppercase();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    let mut parameters = Vec::new();
    let mut rest = &text[name_end..];
    while let Some(after) = rest.strip_prefix(';') {
        let (key, value) = after.split_once('=')?;
        let mut is_quoted = false;
        let end = value.find(|character: char| {
            is_quoted ^= character == '"';
            !is_quoted && matches!(character, ';' | ':')
        })?;
        parameters.push((key.trim().to_ascii_uppercase(), value[..end].replace('"', "")));
        rest = &value[end..];
    }
    Some(Property { line, name, value: rest.strip_prefix(':')?.to_owned(), parameters })
}

/// TEXT without its escapes. <https://www.rfc-editor.org/rfc/rfc5545#section-3.3.11>
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.trim().chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            _ => plain.push(character),
        }
    }
    plain
}
