//! Adds the association of a function to every behaviour in a distribution's configuration. Pure.
//!
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_FunctionAssociations.html>

use std::ops::Range;

use super::xml::{Element, parse};

const EVENT: &str = "viewer-request";

/// The configuration with the function at viewer-request of each behaviour; `None` = every behaviour has it already.
///
/// # Errors
/// When a behaviour has another function there, or the text is not a configuration.
pub(super) fn associate(text: &str, function_arn: &str) -> Result<Option<String>, String> {
    if function_arn.is_empty() || function_arn.contains(['<', '>', '&']) {
        return Err("the function has no ARN".to_owned());
    }
    let root = parse(text)?;
    let default = root.child("DefaultCacheBehavior");
    let default = default.ok_or("the configuration has no default behaviour")?;
    let others = root.child("CacheBehaviors").and_then(|behaviours| behaviours.child("Items"));
    let others = others.map(|items| items.children.as_slice()).unwrap_or_default();
    let mut edits = Vec::new();
    for behaviour in std::iter::once(default).chain(others) {
        edits.extend(edits_of(text, behaviour, function_arn)?);
    }
    if edits.is_empty() {
        return Ok(None);
    }
    // From the end, so that the places before an edit do not move.
    edits.sort_by_key(|(place, _)| std::cmp::Reverse((place.start, place.end)));
    let mut changed = text.to_owned();
    for (place, new) in edits {
        changed.replace_range(place, &new);
    }
    Ok(Some(changed))
}

type Edit = (Range<usize>, String);

fn edits_of(text: &str, behaviour: &Element<'_>, arn: &str) -> Result<Vec<Edit>, String> {
    let entry = format!(
        "<FunctionAssociation><FunctionARN>{arn}</FunctionARN><EventType>{EVENT}</EventType></FunctionAssociation>"
    );
    let all =
        format!("<FunctionAssociations><Quantity>1</Quantity><Items>{entry}</Items></FunctionAssociations>");
    let Some(associations) = behaviour.child("FunctionAssociations") else {
        let inside = behaviour.inside.as_ref().ok_or("the configuration has an empty behaviour")?;
        return Ok(vec![(inside.end..inside.end, all)]);
    };
    let items = associations.child("Items");
    let entries = items.map(|items| items.children.as_slice()).unwrap_or_default();
    let said = |entry: &Element<'_>, name: &str| entry.child(name).map(|found| found.text(text).trim());
    if let Some(there) = entries.iter().find(|entry| said(entry, "EventType") == Some(EVENT)) {
        return match said(there, "FunctionARN") {
            Some(found) if found == arn => Ok(Vec::new()),
            found => Err(format!("a behaviour already calls `{}` at {EVENT}", found.unwrap_or("?"))),
        };
    }
    let quantity = associations.child("Quantity").and_then(|quantity| quantity.inside.clone());
    let (Some(inside), Some(quantity)) = (&associations.inside, quantity) else {
        return Ok(vec![(associations.whole.clone(), all)]);
    };
    let number = (quantity, (entries.len() + 1).to_string());
    let addition = match items {
        None => (inside.end..inside.end, format!("<Items>{entry}</Items>")),
        Some(Element { inside: Some(inside), .. }) => (inside.end..inside.end, entry),
        Some(Element { inside: None, whole, .. }) => (whole.clone(), format!("<Items>{entry}</Items>")),
    };
    Ok(vec![number, addition])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:cloudfront::592217263685:function/maintenance-check";
    const ENTRY: &str = "<FunctionAssociation><FunctionARN>arn:aws:cloudfront::592217263685:function/maintenance-check</FunctionARN><EventType>viewer-request</EventType></FunctionAssociation>";

    fn configuration(default: &str, other: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
             <CallerReference>a &amp; b</CallerReference><FutureField mode=\"x\"><Deep/></FutureField>\
             <DefaultCacheBehavior><TargetOriginId>s3</TargetOriginId>{default}<Compress>true</Compress>\
             </DefaultCacheBehavior><CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior>\
             <PathPattern>/static/*</PathPattern>{other}</CacheBehavior></Items></CacheBehaviors>\
             <Comment><!-- by hand --></Comment></DistributionConfig>"
        )
    }

    #[test]
    fn the_association_is_added_and_nothing_else_changes() {
        let none = "<FunctionAssociations><Quantity>0</Quantity></FunctionAssociations>";
        let one = format!(
            "<FunctionAssociations><Quantity>1</Quantity><Items>{ENTRY}</Items></FunctionAssociations>"
        );
        let response = "<FunctionAssociation><FunctionARN>arn:other</FunctionARN><EventType>viewer-response</EventType><New/></FunctionAssociation>";
        let headers = format!(
            "<FunctionAssociations><Quantity>1</Quantity><Items>{response}</Items></FunctionAssociations>"
        );
        let both = format!(
            "<FunctionAssociations><Quantity>2</Quantity><Items>{response}{ENTRY}</Items></FunctionAssociations>"
        );
        for (before, after) in [
            (none, one.as_str()),
            ("", one.as_str()),
            ("<FunctionAssociations/>", one.as_str()),
            ("<FunctionAssociations><Quantity>0</Quantity><Items/></FunctionAssociations>", one.as_str()),
            (headers.as_str(), both.as_str()),
            (one.as_str(), one.as_str()),
        ] {
            let mut before = configuration(none, before);
            let after = configuration(&one, after);
            before = associate(&before, ARN).unwrap().expect("the default behaviour has none yet");
            // Where there was no element, it is put at the end of its behaviour.
            assert_eq!(before, after);
            assert_eq!(associate(&after, ARN), Ok(None), "a second time there is nothing to do");
        }
    }

    #[test]
    fn another_function_is_not_replaced() {
        let taken = ENTRY.replace("maintenance-check", "rewrite");
        let taken = format!(
            "<FunctionAssociations><Quantity>1</Quantity><Items>{taken}</Items></FunctionAssociations>"
        );
        let why = associate(&configuration("", &taken), ARN).unwrap_err();
        assert!(why.contains("function/rewrite"), "{why}");
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        for text in ["", "<a>", "<a></b>", "<DistributionConfig/>", "no xml at all"] {
            assert!(associate(text, ARN).is_err(), "{text}");
        }
        assert!(associate(&configuration("", ""), "").is_err());
    }
}
