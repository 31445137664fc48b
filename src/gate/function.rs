//! The code of the CloudFront function: written and recognised here, nowhere else.
//!
//! The gate opens and closes by changing the function's code, not its association: an association takes minutes to
//! reach the edges, code takes seconds. The open code holds neither the redirect nor the secret, so an open function
//! reveals nothing.
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html>

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::cloud::Function;
use crate::model::Gate;

/// The first line of code that tidegate wrote, up to the word `open` or `closed`.
const MARK: &str = "// tidegate gate: ";

/// The code of the function for an open or a closed gate. JSON strings are JavaScript strings, so every value is written as JSON.
pub fn write_code(gate: Gate, page: &Url, header: &str, secret: &SecretString) -> String {
    let intro = "// Written by tidegate; changes made by hand are overwritten.\n";
    match gate {
        Gate::Open => {
            format!("{MARK}{gate}\n{intro}function handler(event) {{\n  return event.request;\n}}\n")
        }
        Gate::Closed => {
            let (page, header, secret) =
                (quoted(page.as_str()), quoted(&header.to_lowercase()), quoted(secret.expose_secret()));
            format!(
                "{MARK}{gate}\n{intro}\
                 const page = {page};\n\
                 const header = {header};\n\
                 const secret = {secret};\n\
                 \n\
                 function handler(event) {{\n\
                 \x20 const sent = event.request.headers[header];\n\
                 \x20 if (sent && sent.value === secret) {{\n\
                 \x20   return event.request;\n\
                 \x20 }}\n\
                 \x20 return {{\n\
                 \x20   statusCode: 302,\n\
                 \x20   statusDescription: \"Found\",\n\
                 \x20   headers: {{\n\
                 \x20     \"location\": {{ value: page }},\n\
                 \x20     \"cache-control\": {{ value: \"no-store\" }},\n\
                 \x20   }},\n\
                 \x20 }};\n\
                 }}\n"
            )
        }
    }
}

/// Whether this code opens or closes the gate, for any page, header and secret; `None`: tidegate did not write it.
pub fn recognise(code: &str) -> Option<Gate> {
    match code.lines().next()?.strip_prefix(MARK)? {
        "open" => Some(Gate::Open),
        "closed" => Some(Gate::Closed),
        _ => None,
    }
}

/// Code in a stage of the function that an overwrite would lose. CloudFront keeps no versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignCode {
    /// `LIVE` or `DEVELOPMENT`.
    pub stage: &'static str,
    /// The size of the code.
    pub bytes: usize,
    /// The SHA-256 of the code, in hexadecimal digits: what `sha256sum` says of the file.
    pub sha256: String,
}

/// The code that an overwrite would lose, LIVE first: neither tidegate's own nor a handler that only passes requests
/// on. The same code in both stages counts once.
pub fn foreign_code(function: &Function) -> Vec<ForeignCode> {
    let live = function.live.as_deref();
    let development = Some(function.development.as_str()).filter(|code| Some(*code) != live);
    let stages = [("LIVE", live), ("DEVELOPMENT", development)].into_iter();
    let codes = stages.filter_map(|(stage, code)| Some((stage, code.filter(|code| would_be_lost(code))?)));
    let foreign = codes.map(|(stage, code)| ForeignCode { stage, bytes: code.len(), sha256: sha256(code) });
    foreign.collect()
}

fn would_be_lost(code: &str) -> bool {
    match recognise(code) {
        Some(Gate::Closed) => false,
        // tidegate's first line above other code.
        Some(Gate::Open) => !is_open_template(code),
        None => !code.trim().is_empty() && !only_passes_on(code),
    }
}

fn is_open_template(code: &str) -> bool {
    let page = Url::parse("https://unused.invalid").expect("a URL");
    code == write_code(Gate::Open, &page, "", &SecretString::default())
}

/// Whether the code is a handler that returns the request as it came: overwriting it loses nothing.
fn only_passes_on(code: &str) -> bool {
    let code: String = without_comments(code).split_whitespace().collect();
    let code = code.strip_prefix("'usestrict';").unwrap_or(&code);
    let code = code.strip_prefix("async").unwrap_or(code).trim_end_matches(';');
    let Some(body) = code.strip_prefix("functionhandler(event){").and_then(|code| code.strip_suffix('}'))
    else {
        return false;
    };
    let body = body.trim_end_matches(';');
    let assigns = |keyword: &str| body == format!("{keyword}request=event.request;returnrequest");
    body == "returnevent.request" || ["var", "let", "const"].into_iter().any(assigns)
}

/// Good enough for code without strings: code with strings never only passes requests on.
fn without_comments(code: &str) -> String {
    let lines: Vec<&str> = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = lines.join("\n");
    let mut rest = code.as_str();
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

fn sha256(code: &str) -> String {
    Sha256::digest(code.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A JavaScript string. ES5 engines read two characters as line ends that JSON does not escape.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::String(text.to_owned()).to_string();
    json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a function's code.
    /// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-function-restrictions.html>
    const CODE_BYTES_MAX: usize = 10 * 1024;

    fn code(gate: Gate) -> String {
        let page = Url::parse("https://maintenance.graasp.org/\"; steal()").unwrap();
        write_code(gate, &page, "X-Maintenance-Bypass", &SecretString::from("s3cret-".repeat(18)))
    }

    #[test]
    fn open_code_gives_nothing_away() {
        let open = code(Gate::Open);
        assert_eq!(
            open,
            "// tidegate gate: open\n\
             // Written by tidegate; changes made by hand are overwritten.\n\
             function handler(event) {\n  return event.request;\n}\n"
        );
        assert_eq!(recognise(&open), Some(Gate::Open));
    }

    #[test]
    fn closed_code_is_small_and_escapes_what_it_quotes() {
        let closed = code(Gate::Closed);
        assert!(closed.len() < CODE_BYTES_MAX);
        assert!(closed.contains("const header = \"x-maintenance-bypass\";"), "{closed}");
        assert!(!closed.contains("\"; steal()"), "{closed}");
        assert_eq!(recognise(&closed), Some(Gate::Closed));
        assert_eq!(quoted("a\"b\u{2028}\n"), "\"a\\\"b\\u2028\\n\"");
    }

    /// The answers of a handler to requests with these headers, as CloudFront's runtime would give them: `passed`,
    /// or status and place. `None` = there is no JavaScript engine on this machine; then CI's has the say.
    fn answers(code: &str, headers: &[serde_json::Value]) -> Option<Vec<String>> {
        let headers = serde_json::Value::from(headers.to_vec());
        let script = format!(
            "{code}
             for (const headers of {headers}) {{
               const request = {{method: 'GET', uri: '/a.js', headers: headers, querystring: {{}}}};
               const answer = handler({{version: '1.0', context: {{}}, viewer: {{}}, request: request}});
               console.log(answer === request ? 'passed' : [answer.statusCode,
                 answer.headers['location'].value, answer.headers['cache-control'].value].join(' '));
             }}"
        );
        #[expect(
            clippy::disallowed_methods,
            reason = "the generated code is run by an engine, where there is one"
        )]
        let output =
            std::process::Command::new("node").args(["--use-strict", "-e", &script]).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
    }

    #[test]
    fn the_code_does_what_it_says() {
        // CloudFront gives names in lower case, whatever was sent.
        let sent = |name: &str, value: &str| serde_json::json!({ name: { "value": value } });
        let headers = [
            serde_json::json!({}),
            sent("x-maintenance-bypass", ""),
            sent("x-maintenance-bypass", "wrong"),
            sent("x-other", &"s3cret-".repeat(18)),
            sent("x-maintenance-bypass", &"s3cret-".repeat(18)),
        ];
        let Some(closed) = answers(&code(Gate::Closed), &headers) else { return };
        let away = "302 https://maintenance.graasp.org/%22;%20steal() no-store";
        assert_eq!(closed, [away, away, away, away, "passed"]);
        assert_eq!(answers(&code(Gate::Open), &headers[..1]).unwrap(), ["passed"]);
    }

    #[test]
    fn code_that_only_passes_requests_on_is_no_loss_and_all_other_code_is() {
        let function = |live: Option<&str>, development: &str| Function {
            name: "gate".to_owned(),
            etag: "E1".to_owned(),
            development: development.to_owned(),
            live: live.map(str::to_owned),
        };
        let harmless = [
            "",
            "function handler(event) { return event.request; }",
            "async function handler(event) {\n  // as it came\n  return event.request;\n};\n",
            "'use strict';\nfunction handler(event) {\n  var request = event.request;\n  return request;\n}",
            "/* none\n of our\n business */ function handler(event) { const request = event.request; return request }",
            &code(Gate::Open),
            &code(Gate::Closed),
        ];
        for code in harmless {
            assert_eq!(foreign_code(&function(Some(code), code)), [], "{code}");
        }
        let open_and_more = code(Gate::Open).replace("return", "track(); return");
        let lost = [
            "function handler(event) { event.request.uri = '/index.html'; return event.request; }",
            "function handler(event) { return event.response; }",
            "function handler(event) { return event.request; } // ok\nfunction handler(event) { return null; }",
            "import kvs from 'cloudfront'; function handler(event) { return event.request; }",
            &open_and_more,
        ];
        for code in lost {
            let both = foreign_code(&function(Some(code), code));
            assert_eq!(both.iter().map(|it| it.stage).collect::<Vec<_>>(), ["LIVE"], "{code}");
            assert_eq!(both[0].bytes, code.len());
            let unpublished = foreign_code(&function(None, code));
            assert_eq!(unpublished[0].stage, "DEVELOPMENT", "{code}");
            assert_eq!(unpublished[0].sha256, both[0].sha256);
        }
        let two = foreign_code(&function(Some(lost[0]), lost[1]));
        assert_eq!(two.iter().map(|it| it.stage).collect::<Vec<_>>(), ["LIVE", "DEVELOPMENT"]);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(""), empty, "as `sha256sum` says");
    }

    #[test]
    fn other_code_is_not_ours() {
        for code in ["", "function handler(event) { return event.request; }\n", "// tidegate gate: ajar\n"] {
            assert_eq!(recognise(code), None);
        }
    }
}
