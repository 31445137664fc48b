//! Texts that name versions: `registry/image:{core}`.

use std::collections::BTreeMap;

use crate::model::{ImageRef, Version, VersionKey};

/// Text with `{placeholders}` that name entries of `versions`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template {
    text: String,
    keys: Vec<VersionKey>,
}

impl Template {
    /// Parses a template. `Err` is the byte offset (from 0) of an unmatched brace or of an empty `{}`.
    pub fn parse(text: &str) -> Result<Template, usize> {
        let mut keys = Vec::new();
        let mut offset = 0;
        while let Some(found) = text[offset..].find(['{', '}']) {
            let open = offset + found;
            if text.as_bytes()[open] == b'}' {
                return Err(open);
            }
            let end = text[open + 1..].find(['{', '}']).map(|i| open + 1 + i).ok_or(open)?;
            if text.as_bytes()[end] == b'{' || end == open + 1 {
                return Err(open);
            }
            let key = VersionKey::new(&text[open + 1..end]);
            if !keys.contains(&key) {
                keys.push(key);
            }
            offset = end + 1;
        }
        Ok(Template { text: text.to_owned(), keys })
    }

    /// The entries of `versions` that it names, each once, in order of appearance.
    pub fn keys(&self) -> &[VersionKey] {
        &self.keys
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text with versions filled in. `None` if one of them is empty (not deployed) or missing.
    pub fn render(&self, versions: &BTreeMap<VersionKey, Version>) -> Option<String> {
        let mut text = self.text.clone();
        for key in &self.keys {
            let version = versions.get(key).filter(|version| !version.is_empty())?;
            text = text.replace(&format!("{{{key}}}"), version.as_str());
        }
        Some(text)
    }

    /// The version of `key` with which the template renders to `text`: the inverse of [`Template::render`].
    pub fn extract(
        &self,
        key: &VersionKey,
        versions: &BTreeMap<VersionKey, Version>,
        text: &str,
    ) -> Option<Version> {
        let hole = format!("{{{key}}}");
        let mut pattern = self.text.clone();
        for other in self.keys.iter().filter(|other| *other != key) {
            pattern = pattern.replace(&format!("{{{other}}}"), versions.get(other)?.as_str());
        }
        let (before, after) = pattern.split_once(&hole)?;
        let found = text.strip_prefix(before)?.strip_suffix(after.split(&hole).next().unwrap_or(after))?;
        (!found.is_empty() && !found.contains(['/', '@', ':'])).then(|| Version::new(found))
    }

    /// The rendered text as an image reference.
    pub fn image(&self, versions: &BTreeMap<VersionKey, Version>) -> Option<ImageRef> {
        self.render(versions).map(ImageRef::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_read_forwards_and_backwards() {
        let versions =
            BTreeMap::from([("core".into(), Version::from("v1")), ("off".into(), Version::from(""))]);
        let template = Template::parse("reg/graasp:core-{core}").unwrap();
        assert_eq!(template.render(&versions).as_deref(), Some("reg/graasp:core-v1"));
        let core = VersionKey::from("core");
        assert_eq!(template.extract(&core, &versions, "reg/graasp:core-v0.9"), Some(Version::from("v0.9")));
        assert_eq!(template.extract(&core, &versions, "reg/graasp:workers-v0.9"), None);
        assert_eq!(Template::parse("a:{off}").unwrap().render(&versions), None);
        for (text, offset) in [("a{", 1), ("a}b", 1), ("{}", 0), ("{a{b}", 0)] {
            assert_eq!(Template::parse(text), Err(offset), "{text}");
        }
    }
}
