use std::collections::BTreeSet;

use super::super::fixture::{REGION, Reply, Request, Server, ok, refuse_xml, tagged};
use super::MARKER;
use crate::cloud::{CloudRead, CloudWrite, Kind, Marker, Release};

const BUCKET: &str = "graasp-prod-client";

fn head(region: &str) -> Reply {
    Reply::Say { status: 200, headers: vec![("x-amz-bucket-region", region.to_owned())], body: Vec::new() }
}

fn marker() -> Marker {
    let release = Release {
        source: "s3://releases/v1/".to_owned(),
        version: "v1".into(),
        keys: BTreeSet::from(["index.html".to_owned()]),
    };
    Marker { live: Some(release), ..Marker::default() }
}

fn refuse(status: u16, code: &str) -> Reply {
    let Reply::Say { status, headers, .. } = refuse_xml(status, code) else { unreachable!() };
    Reply::Say {
        status,
        headers,
        body: format!("<Error><Code>{code}</Code><Message>m</Message></Error>").into(),
    }
}

#[tokio::test]
async fn a_marker_is_written_only_over_the_one_that_was_read() {
    let server = Server::start(|request| match (request.method.as_str(), request.header("if-match")) {
        ("HEAD", _) => head(REGION),
        ("GET", _) => tagged("\"e1\"", serde_json::to_string(&marker()).unwrap()),
        ("PUT", Some("\"e1\"")) => ok(""),
        ("PUT", Some(_)) => refuse(412, "PreconditionFailed"),
        ("PUT", None) if request.header("if-none-match") == Some("*") => refuse(412, "PreconditionFailed"),
        other => panic!("{other:?}"),
    })
    .await;
    let cloud = server.cloud();
    let (found, etag) = cloud.site_marker(BUCKET, "").await.unwrap().unwrap();
    assert_eq!((found, etag.as_str()), (marker(), "\"e1\""));
    cloud.put_site_marker(BUCKET, "", &marker(), Some(&etag)).await.unwrap();
    let sent = server.requests().pop().unwrap();
    assert!(sent.path.starts_with(&format!("/{BUCKET}/{MARKER}")), "{}", sent.path);
    assert!(sent.body.contains("s3://releases/v1/"));
    for etag in [None, Some("\"e0\"")] {
        let error = cloud.put_site_marker(BUCKET, "", &marker(), etag).await.unwrap_err();
        assert_eq!(error.kind, Kind::Conflict, "{etag:?}");
    }
    let heads = server.requests().iter().filter(|request| request.method == "HEAD").count();
    assert_eq!(heads, 1, "a bucket's region is asked for once");
}

#[tokio::test]
async fn no_marker_is_not_no_bucket() {
    let server = Server::start(|request| match request.path.starts_with("/gone") {
        true => refuse(404, "NoSuchBucket"),
        false if request.method == "HEAD" => head(REGION),
        false => refuse(404, "NoSuchKey"),
    })
    .await;
    assert_eq!(server.cloud().site_marker(BUCKET, "").await.unwrap(), None);
    assert_eq!(server.cloud().site_marker("gone", "").await.unwrap_err().kind, Kind::NotFound);
    let error = server.cloud().put_site_marker(BUCKET, "", &marker(), Some("\"e\"")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict, "the marker that was read has gone");
}

#[tokio::test]
async fn a_bucket_is_asked_in_its_own_region() {
    let server = Server::start(|request| match request.method.as_str() {
        // A request that was signed for another region is refused, and the answer says which one is right.
        "HEAD" => Reply::Say {
            status: 400,
            headers: vec![("x-amz-bucket-region", "eu-west-1".to_owned())],
            body: Vec::new(),
        },
        _ => refuse(404, "NoSuchKey"),
    })
    .await;
    assert_eq!(server.cloud().site_marker(BUCKET, "").await.unwrap(), None);
    let sent = server.requests().pop().unwrap();
    assert!(sent.header("authorization").unwrap().contains("/eu-west-1/s3/"));
}

fn listing(request: &Request) -> Reply {
    if request.method == "HEAD" {
        return head(REGION);
    }
    let entry = |key: &str| {
        format!("<Contents><Key>{key}</Key><ETag>&quot;e-{key}&quot;</ETag><Size>7</Size></Contents>")
    };
    let (entries, next) = match request.path.contains("continuation-token") {
        false => (
            [entry("v1/"), entry("v1/index.html")].concat(),
            "<IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken>",
        ),
        true => ([entry("v1/assets/"), entry("v1/a b.js")].concat(), "<IsTruncated>false</IsTruncated>"),
    };
    ok(format!(
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{next}{entries}</ListBucketResult>"
    ))
}

#[tokio::test]
async fn a_listing_is_read_to_its_end_and_holds_files_only() {
    let server = Server::start(listing).await;
    let found = server.cloud().objects(BUCKET, "v1/").await.unwrap();
    let found: Vec<(&str, &str, u64)> =
        found.iter().map(|object| (object.key.as_str(), object.etag.as_str(), object.size)).collect();
    assert_eq!(found, [("index.html", "\"e-v1/index.html\"", 7), ("a b.js", "\"e-v1/a b.js\"", 7)]);
}

#[tokio::test]
async fn a_copy_stays_inside_s3_and_keeps_what_the_source_says() {
    let server = Server::start(|request| match request.method.as_str() {
        "HEAD" => head(REGION),
        _ => ok("<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>"),
    })
    .await;
    server.cloud().copy_object(("releases", "v1/a b+ü.js"), (BUCKET, "a b+ü.js")).await.unwrap();
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.header("x-amz-copy-source"), Some("releases/v1/a%20b%2B%C3%BC.js"));
    assert_eq!(sent.header("x-amz-metadata-directive"), None, "nothing is replaced");
    assert!(sent.body.is_empty());
}

#[tokio::test]
async fn success_may_hide_a_failure() {
    let server = Server::start(|request| match (request.method.as_str(), request.path.contains("delete")) {
        ("HEAD", _) => head(REGION),
        ("POST", true) => ok(
            "<DeleteResult><Error><Key>a.js</Key><Code>AccessDenied</Code><Message>m</Message></Error></DeleteResult>",
        ),
        _ => ok("<Error><Code>SlowDown</Code><Message>m</Message></Error>"),
    })
    .await;
    let cloud = server.cloud();
    let error = cloud.delete_objects(BUCKET, &["a.js".to_owned(), "b.js".to_owned()]).await.unwrap_err();
    assert_eq!(error.kind, Kind::AccessDenied, "{error}");
    let error = cloud.copy_object(("releases", "a"), (BUCKET, "a")).await.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled, "{error}");
    cloud.delete_objects(BUCKET, &[]).await.unwrap();
}
