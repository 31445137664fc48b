//! Which reference or commit `--rev` means, decided from a remote's listing. Pure: a table test shows all of it.

use git2::Oid;

use crate::source::SourceError;

/// One line of a remote's listing.
#[derive(Clone, Debug)]
pub(super) struct ListedRef {
    pub(super) name: String,
    pub(super) id: Oid,
}

/// What `--rev` means at this remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ResolvedRev {
    /// A branch, a tag or HEAD, and the object that it points at now (a tag may point at a tag object).
    Reference { name: String, id: Oid },
    /// A commit id, or the beginning of one: listings name references only.
    Commit(String),
}

/// Decides what `rev` means, a branch before a tag, as `git clone --branch` does.
pub(super) fn resolve(
    refs: &[ListedRef],
    rev: Option<&str>,
    place: &str,
) -> Result<ResolvedRev, SourceError> {
    let place = || place.to_owned();
    if refs.is_empty() {
        return Err(SourceError::NoCommits { place: place() });
    }
    let find = |name: &str| {
        refs.iter()
            .find(|head| head.name == name)
            .map(|head| ResolvedRev::Reference { name: head.name.clone(), id: head.id })
    };
    let Some(rev) = rev else {
        return find("HEAD").ok_or_else(|| SourceError::NoHead { place: place(), known: names(refs, false) });
    };
    let by_name = find(&format!("refs/heads/{rev}"))
        .or_else(|| find(&format!("refs/tags/{rev}")))
        .or_else(|| find(rev).filter(|_| rev == "HEAD" || rev.starts_with("refs/")));
    match by_name {
        Some(reference) => Ok(reference),
        None if is_commit(rev) => Ok(ResolvedRev::Commit(rev.to_owned())),
        None => {
            Err(SourceError::UnknownRev { place: place(), rev: rev.to_owned(), known: names(refs, true) })
        }
    }
}

/// Whether `rev` looks like a commit id: at least seven digits, which is what git prints when it shortens.
pub(super) fn is_commit(rev: &str) -> bool {
    (7..=40).contains(&rev.len()) && rev.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Branches, and perhaps tags, as people write them.
pub(super) fn names(refs: &[ListedRef], with_tags: bool) -> Vec<String> {
    refs.iter()
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

    fn head(name: &str, digit: &str) -> ListedRef {
        ListedRef { name: name.to_owned(), id: Oid::from_str(&digit.repeat(40)).unwrap() }
    }

    #[test]
    fn a_revision_means_a_branch_then_a_tag_then_a_commit() {
        let refs = [
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
            (Some("abc"), "Err(here has no branch, tag or commit `abc`; its branches and tags are `main`, `both`, `abcdef0`, `both`, `v1`)".to_owned()),
        ] {
            let resolved = match resolve(&refs, rev, "here") {
                Ok(ResolvedRev::Reference { name, .. }) => reference(&name),
                Ok(ResolvedRev::Commit(id)) => format!("Ok(Commit {id})"),
                Err(error) => format!("Err({error})"),
            };
            assert_eq!(resolved, expected, "{rev:?}");
        }
    }

    #[test]
    fn says_what_an_unusable_remote_lacks() {
        let error = resolve(&[], None, "here").unwrap_err();
        assert_eq!(error.to_string(), "here has no commits yet");
        let error = resolve(&[head("refs/heads/dev", "1")], None, "here").unwrap_err();
        assert_eq!(
            error.to_string(),
            "HEAD of here names a branch that does not exist; its branches are `dev`"
        );
        let error = resolve(&[head("refs/heads/main", "1")], Some("mian"), "here").unwrap_err();
        assert_eq!(error.hint(), "did you mean `main`?");
    }
}
