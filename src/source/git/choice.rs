//! From a remote's listing to the one reference that is wanted. Pure: a table test shows all of it.

use git2::Oid;

use crate::source::SourceError;

/// One line of a listing.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) id: Oid,
}

/// What to have, as the listing names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// A branch, a tag or HEAD, and the object that it points at now (a tag may point at a tag object).
    Reference { name: String, id: Oid },
    /// A commit, or the beginning of its id: no listing names it.
    Commit(String),
}

/// Decides what `rev` means, a branch before a tag, as `git clone --branch` does.
pub(super) fn choose(heads: &[Head], rev: Option<&str>, place: &str) -> Result<Choice, SourceError> {
    let place = || place.to_owned();
    if heads.is_empty() {
        return Err(SourceError::NoCommits { place: place() });
    }
    let find = |name: &str| {
        heads
            .iter()
            .find(|head| head.name == name)
            .map(|head| Choice::Reference { name: head.name.clone(), id: head.id })
    };
    let Some(rev) = rev else {
        return find("HEAD")
            .ok_or_else(|| SourceError::NoHead { place: place(), known: names(heads, false) });
    };
    let by_name = find(&format!("refs/heads/{rev}"))
        .or_else(|| find(&format!("refs/tags/{rev}")))
        .or_else(|| find(rev).filter(|_| rev == "HEAD" || rev.starts_with("refs/")));
    match by_name {
        Some(choice) => Ok(choice),
        None if is_commit(rev) => Ok(Choice::Commit(rev.to_owned())),
        None => {
            Err(SourceError::UnknownRev { place: place(), rev: rev.to_owned(), known: names(heads, true) })
        }
    }
}

/// Seven digits at least: what git itself prints when it shortens.
pub(super) fn is_commit(rev: &str) -> bool {
    (7..=40).contains(&rev.len()) && rev.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Branches, and perhaps tags, as people write them.
pub(super) fn names(heads: &[Head], with_tags: bool) -> Vec<String> {
    heads
        .iter()
        .filter(|head| !head.name.ends_with("^{}"))
        .filter_map(|head| {
            let tag = head.name.strip_prefix("refs/tags/").filter(|_| with_tags);
            head.name.strip_prefix("refs/heads/").or(tag).map(str::to_owned)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(name: &str, digit: &str) -> Head {
        Head { name: name.to_owned(), id: Oid::from_str(&digit.repeat(40)).unwrap() }
    }

    #[test]
    fn a_revision_means_a_branch_then_a_tag_then_a_commit() {
        let heads = [
            head("HEAD", "1"),
            head("refs/heads/main", "1"),
            head("refs/heads/both", "2"),
            head("refs/heads/abcdef0", "3"),
            head("refs/pull/7/head", "4"),
            head("refs/tags/both", "5"),
            head("refs/tags/v1", "6"),
            head("refs/tags/v1^{}", "7"),
        ];
        let reference = |name: &str| format!("Ok(Reference {name})");
        for (rev, expected) in [
            (None, reference("HEAD")),
            (Some("HEAD"), reference("HEAD")),
            (Some("main"), reference("refs/heads/main")),
            (Some("both"), reference("refs/heads/both")),
            (Some("v1"), reference("refs/tags/v1")),
            (Some("refs/tags/both"), reference("refs/tags/both")),
            (Some("refs/pull/7/head"), reference("refs/pull/7/head")),
            (Some("abcdef0"), reference("refs/heads/abcdef0")),
            (Some("abcdef1"), "Ok(Commit abcdef1)".to_owned()),
            (Some("abc"), "Err(here has no branch, tag or commit `abc`; it has `main`, `both`, `abcdef0`, `both`, `v1`)".to_owned()),
        ] {
            let chosen = match choose(&heads, rev, "here") {
                Ok(Choice::Reference { name, .. }) => reference(&name),
                Ok(Choice::Commit(id)) => format!("Ok(Commit {id})"),
                Err(error) => format!("Err({error})"),
            };
            assert_eq!(chosen, expected, "{rev:?}");
        }
    }

    #[test]
    fn says_what_an_unusable_remote_lacks() {
        let error = choose(&[], None, "here").unwrap_err();
        assert_eq!(error.to_string(), "here has no commits yet");
        let error = choose(&[head("refs/heads/dev", "1")], None, "here").unwrap_err();
        assert_eq!(error.to_string(), "the HEAD of here names no commit; its branches are `dev`");
        let error = choose(&[head("refs/heads/main", "1")], Some("mian"), "here").unwrap_err();
        assert_eq!(error.hint(), "did you mean `main`?");
    }
}
