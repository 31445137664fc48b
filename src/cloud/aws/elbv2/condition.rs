//! Conditions of a rule, in the port's types and back. Pure.
//!
//! The port's type has fewer fields than AWS's, so a condition that exists is written back as AWS returned it.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, PathPatternConditionConfig, RuleCondition,
};

use crate::cloud::Condition;

/// Added to the field of a condition whose values are regular expressions, not patterns with `*`.
const REGEX: &str = "-regex";

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html>
pub(super) fn read(found: &RuleCondition) -> Condition {
    let host = found.host_header_config();
    let path = found.path_pattern_config();
    let header = found.http_header_config();
    let regular: Vec<String> = [
        host.map(HostHeaderConditionConfig::regex_values),
        path.map(PathPatternConditionConfig::regex_values),
        header.map(HttpHeaderConditionConfig::regex_values),
        Some(found.regex_values()),
    ]
    .into_iter()
    .flatten()
    .flatten()
    .cloned()
    .collect();
    let mut values: Vec<String> = [
        host.map(HostHeaderConditionConfig::values),
        path.map(PathPatternConditionConfig::values),
        header.map(HttpHeaderConditionConfig::values),
        found.http_request_method_config().map(|config| config.values()),
        found.source_ip_config().map(|config| config.values()),
    ]
    .into_iter()
    .flatten()
    .flatten()
    .cloned()
    .collect();
    let pairs = found.query_string_config().map(|config| config.values()).unwrap_or_default();
    values.extend(pairs.iter().map(|pair| match pair.key() {
        Some(key) => format!("{key}={}", pair.value().unwrap_or_default()),
        None => pair.value().unwrap_or_default().to_owned(),
    }));
    // `Values` repeats the values of the configuration of hosts and paths.
    if values.is_empty() {
        values = found.values().to_vec();
    }
    let field = found.field().unwrap_or_default();
    let (field, values) = match regular.is_empty() {
        true => (field.to_owned(), values),
        false => (format!("{field}{REGEX}"), [values, regular].concat()),
    };
    Condition {
        field,
        header: header.and_then(|header| header.http_header_name()).map(str::to_lowercase),
        values,
    }
}

/// The wanted conditions in AWS's types. A condition that exists is not changed; only a header condition can be new.
pub(super) fn write(found: &[RuleCondition], wanted: &[Condition]) -> Result<Vec<RuleCondition>, String> {
    let kept = |condition: &Condition| found.iter().find(|found| read(found) == *condition);
    wanted
        .iter()
        .map(|condition| match (kept(condition), &condition.header) {
            (Some(found), _) if condition.values.is_empty() => {
                // tidegate knows no part of it: written back, it could lose a part.
                Err(format!("the rule has a condition `{}` of an unknown kind", found.field().unwrap_or("?")))
            }
            (Some(found), _) => Ok(without_repetition(found)),
            (None, Some(name)) if condition.field == "http-header" => {
                let header = HttpHeaderConditionConfig::builder()
                    .http_header_name(name)
                    .set_values(Some(condition.values.clone()));
                Ok(RuleCondition::builder()
                    .field(&condition.field)
                    .http_header_config(header.build())
                    .build())
            }
            (None, _) => Err(format!("the rule no longer has the condition `{}`", condition.field)),
        })
        .collect()
}

/// A request may name values in one of the two places, not in both.
fn without_repetition(found: &RuleCondition) -> RuleCondition {
    let mut condition = found.clone();
    let is_configured = [
        condition.host_header_config.is_some(),
        condition.path_pattern_config.is_some(),
        condition.http_header_config.is_some(),
    ];
    if is_configured.contains(&true) {
        condition.values = None;
        condition.regex_values = None;
    }
    condition
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_elasticloadbalancingv2::types::{
        QueryStringConditionConfig, QueryStringKeyValuePair, SourceIpConditionConfig,
    };

    fn host(values: &[&str]) -> RuleCondition {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let config = HostHeaderConditionConfig::builder().set_values(Some(values.clone())).build();
        RuleCondition::builder()
            .field("host-header")
            .set_values(Some(values))
            .host_header_config(config)
            .build()
    }

    fn header(name: &str, value: &str) -> RuleCondition {
        let config = HttpHeaderConditionConfig::builder().http_header_name(name).values(value).build();
        RuleCondition::builder().field("http-header").http_header_config(config).build()
    }

    fn query() -> RuleCondition {
        let pair = QueryStringKeyValuePair::builder().key("v").value("1").build();
        let lonely = QueryStringKeyValuePair::builder().value("debug").build();
        let config = QueryStringConditionConfig::builder().values(pair).values(lonely).build();
        RuleCondition::builder().field("query-string").query_string_config(config).build()
    }

    fn regex() -> RuleCondition {
        let config = PathPatternConditionConfig::builder().regex_values("^/api/.*$").build();
        RuleCondition::builder().field("path-pattern").path_pattern_config(config).build()
    }

    #[test]
    fn closing_and_opening_leave_every_other_condition_as_it_was() {
        let address = SourceIpConditionConfig::builder().values("10.0.0.0/8").build();
        let address = RuleCondition::builder().field("source-ip").source_ip_config(address).build();
        let own = [host(&["api.graasp.org"]), query(), regex(), address];
        let read_own: Vec<Condition> = own.iter().map(read).collect();
        let mut closed = read_own.clone();
        closed.push(Condition::header("X-Bypass", "secret"));
        let written = write(&own, &closed).unwrap();
        assert_eq!(written.len(), 5);
        assert_eq!(written[1..4], own[1..4]);
        assert_eq!(written[0].host_header_config, own[0].host_header_config);
        assert_eq!(written[0].values, None, "hosts are named once");
        assert_eq!(written[4], header("x-bypass", "secret"));
        let opened = write(&written, &read_own).unwrap();
        assert_eq!(opened[1..], own[1..]);
    }

    #[test]
    fn a_rotated_secret_replaces_the_old_one() {
        let found = [host(&["a"]), header("X-Bypass", "old")];
        let wanted = [read(&found[0]), Condition::header("x-bypass", "new")];
        assert_eq!(write(&found, &wanted).unwrap()[1], header("x-bypass", "new"));
    }

    #[test]
    fn what_is_not_understood_is_not_written_back() {
        let unknown = RuleCondition::builder().field("moon-phase").build();
        let wanted = [read(&unknown), Condition::header("x-bypass", "secret")];
        assert!(write(&[unknown], &wanted).unwrap_err().contains("moon-phase"));
        let gone = [read(&host(&["a"])), Condition::header("x-bypass", "secret")];
        let why = write(&[], &gone).unwrap_err();
        assert!(why.contains("host-header") && !why.contains("secret"), "{why}");
    }

    #[test]
    fn regular_expressions_are_no_patterns() {
        assert_eq!(read(&regex()).field, "path-pattern-regex");
        assert_eq!(read(&query()).values, ["v=1", "debug"]);
        assert_eq!(read(&header("X-Bypass", "s")).header.as_deref(), Some("x-bypass"));
    }
}
