//! Did-you-mean: the known name that is closest to a wrong one.

/// The candidate closest to a misspelt word, if one is close enough.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    // A third of the word may be wrong: more would suggest unrelated words, less would miss swapped endings.
    let limit = (word.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `` did you mean `x`? ``, else all candidates; `None` if there are none.
pub(super) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(word, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<String> = candidates.into_iter().map(|candidate| format!("`{candidate}`")).collect();
    match all.split_last() {
        None => None,
        Some((only, [])) => Some(format!("use {only}, the only one")),
        Some((last, rest)) => Some(format!("use {} or {last}", rest.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        let names = ["graasp", "workers", "redis"];
        for (word, near) in [
            ("grasp", Some("graasp")),
            ("Redis", Some("redis")),
            ("worekrs", Some("workers")),
            ("umami", None),
        ] {
            assert_eq!(nearest(word, names), near, "{word}");
        }
        assert_eq!(hint("zzz", names).as_deref(), Some("use `graasp`, `workers` or `redis`"));
        assert_eq!(hint("zzz", []), None);
    }
}
