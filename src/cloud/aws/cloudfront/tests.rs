use super::super::fixture::{Reply, Request, Server, ok, refuse_xml, tagged};
use crate::cloud::{Association, CloudRead, CloudWrite, Kind};

const NS: &str = "xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"";
const NAME: &str = "maintenance-check";
const ARN: &str = "arn:aws:cloudfront::592217263685:function/maintenance-check";

fn summary() -> String {
    format!(
        "<FunctionSummary {NS}><Name>{NAME}</Name><Status>UNASSOCIATED</Status><FunctionConfig><Comment>by hand</Comment>\
         <Runtime>cloudfront-js-1.0</Runtime></FunctionConfig><FunctionMetadata><FunctionARN>{ARN}</FunctionARN>\
         <Stage>LIVE</Stage><LastModifiedTime>2026-11-23T01:00:00Z</LastModifiedTime></FunctionMetadata></FunctionSummary>"
    )
}

fn functions(request: &Request) -> Reply {
    let path = format!("/2020-05-31/function/{NAME}");
    match request.operation().replace(&path, "F").as_str() {
        "GET F?Stage=LIVE" => tagged("LIVE1", "live code"),
        "GET F?Stage=DEVELOPMENT" => tagged("DEV1", "development code"),
        "GET F/describe?Stage=DEVELOPMENT" => tagged("DEV1", summary()),
        "GET F/describe?Stage=LIVE" => tagged("LIVE1", summary()),
        "PUT F" if request.header("if-match") == Some("DEV1") => tagged("DEV2", summary()),
        "PUT F" => refuse_xml(412, "PreconditionFailed"),
        "POST F/publish" => ok(summary()),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_function_that_did_not_change_is_one_request() {
    let server = Server::start(functions).await;
    let cloud = server.cloud();
    for requests in [2, 1, 1] {
        let before = server.counts.total();
        let found = cloud.function(NAME).await.unwrap().unwrap();
        assert_eq!((found.etag.as_str(), found.development.as_str()), ("DEV1", "development code"));
        assert_eq!(found.live.as_deref(), Some("live code"));
        assert_eq!(server.counts.total() - before, requests);
    }
}

#[tokio::test]
async fn an_update_quotes_the_etag_and_keeps_the_comment() {
    let server = Server::start(functions).await;
    let cloud = server.cloud();
    cloud.function(NAME).await.unwrap();
    assert_eq!(cloud.put_function(NAME, Some("DEV1"), "new code").await.unwrap(), "DEV2");
    let sent = server.requests().pop().unwrap().body;
    assert!(sent.contains("<Comment>by hand</Comment>"), "{sent}");
    assert!(sent.contains("<Runtime>cloudfront-js-2.0</Runtime>"), "{sent}");
    cloud.publish_function(NAME, "DEV2").await.unwrap();
    let before = server.counts.total();
    cloud.function(NAME).await.unwrap();
    assert_eq!(server.counts.total() - before, 2, "a write forgets what was read");
    let error = cloud.put_function(NAME, Some("OLD"), "new code").await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
}

#[tokio::test]
async fn a_function_may_be_absent_or_never_published() {
    let nothing = Server::start(|_| refuse_xml(404, "NoSuchFunctionExists")).await;
    assert_eq!(nothing.cloud().function(NAME).await.unwrap(), None);
    let unpublished = Server::start(|request| match request.path.ends_with("LIVE") {
        true => refuse_xml(404, "NoSuchFunctionExists"),
        false => tagged("DEV1", "code"),
    })
    .await;
    let found = unpublished.cloud().function(NAME).await.unwrap().unwrap();
    assert_eq!((found.live, found.etag.as_str()), (None, "DEV1"));
}

#[tokio::test]
async fn a_refusal_shows_no_code() {
    let server = Server::start(|_| {
        super::super::fixture::say(
            400,
            "<ErrorResponse><Error><Code>InvalidArgument</Code><Message>near const secret = \"hunter2\"</Message></Error></ErrorResponse>",
        )
    })
    .await;
    let error = server.cloud().put_function(NAME, None, "const secret = \"hunter2\"").await.unwrap_err();
    assert_eq!(error.message, "InvalidArgument");
}

fn behaviour(tag: &str, pattern: &str, functions: &str) -> String {
    format!(
        "<{tag}>{pattern}<TargetOriginId>s3</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>\
         <FutureField>x</FutureField><LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>{functions}</{tag}>"
    )
}

fn associated() -> String {
    format!(
        "<FunctionAssociations><Quantity>1</Quantity><Items><FunctionAssociation><FunctionARN>{ARN}</FunctionARN>\
         <EventType>viewer-request</EventType></FunctionAssociation></Items></FunctionAssociations>"
    )
}

const NONE: &str = "<FunctionAssociations><Quantity>0</Quantity></FunctionAssociations>";

fn behaviours(default: &str, other: &str) -> String {
    format!(
        "{}<CacheBehaviors><Quantity>1</Quantity><Items>{}</Items></CacheBehaviors>",
        behaviour("DefaultCacheBehavior", "", default),
        behaviour("CacheBehavior", "<PathPattern>/api/*</PathPattern>", other)
    )
}

fn config(default: &str, other: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><DistributionConfig {NS}><CallerReference>r</CallerReference><Origins><Quantity>0</Quantity>\
         <Items/></Origins>{}<Comment>c</Comment><Enabled>true</Enabled><OfTomorrow a=\"1\"><B/></OfTomorrow></DistributionConfig>",
        behaviours(default, other)
    )
}

#[tokio::test]
async fn a_distribution_is_found_by_alias_or_id_in_one_list() {
    let server = Server::start(|request| {
        let entry = |id: &str, alias: &str, status: &str| {
            format!(
                "<DistributionSummary><Id>{id}</Id><ARN>a</ARN><Status>{status}</Status><Aliases><Quantity>1</Quantity>\
                 <Items><CNAME>{alias}</CNAME></Items></Aliases><Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id>\
                 <DomainName>client.s3.eu-central-2.amazonaws.com</DomainName><OriginPath>/app</OriginPath></Origin></Items></Origins>\
                 <CustomErrorResponses><Quantity>2</Quantity><Items><CustomErrorResponse><ErrorCode>403</ErrorCode>\
                 <ResponsePagePath>/index.html</ResponsePagePath></CustomErrorResponse><CustomErrorResponse>\
                 <ErrorCode>500</ErrorCode></CustomErrorResponse></Items></CustomErrorResponses>{}</DistributionSummary>",
                behaviours(NONE, &associated())
            )
        };
        let list = |items: &str, more: bool| {
            let next = if more { "<NextMarker>2</NextMarker>" } else { "" };
            ok(format!(
                "<DistributionList {NS}><Marker></Marker>{next}<MaxItems>100</MaxItems><IsTruncated>{more}</IsTruncated>\
                 <Quantity>1</Quantity><Items>{items}</Items></DistributionList>"
            ))
        };
        match request.path.as_str() {
            "/2020-05-31/distribution" => list(&entry("E1", "assets.graasp.org", "Deployed"), true),
            "/2020-05-31/distribution?Marker=2" => list(&entry("E2", "h5p.graasp.org", "InProgress"), false),
            other => panic!("{other}"),
        }
    })
    .await;
    let names = ["assets.graasp.org".to_owned(), "E2".to_owned(), "none.graasp.org".to_owned()];
    let found = server.cloud().distributions(&names).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[&names[0]].id.as_str(), found[&names[0]].deployed), ("E1", true));
    assert!(!found[&names[1]].deployed);
    let behaviour = |path: &str, function: Option<&str>| Association {
        path: path.to_owned(),
        function: function.map(str::to_owned),
        lambda: false,
    };
    assert_eq!(found[&names[0]].behaviours, [behaviour("*", None), behaviour("/api/*", Some(NAME))]);
    assert_eq!(server.counts.total(), 2);
}

#[tokio::test]
async fn an_association_changes_nothing_else_in_the_configuration() {
    let server = Server::start(|request| match request.operation().as_str() {
        "GET /2020-05-31/distribution/E1/config" => tagged("D1", config(NONE, NONE)),
        "GET /2020-05-31/distribution/E2/config" => tagged("D2", config(&associated(), &associated())),
        "PUT /2020-05-31/distribution/E1/config" => {
            assert_eq!(request.header("if-match"), Some("D1"));
            ok(format!("<Distribution {NS}><Id>E1</Id></Distribution>"))
        }
        _ => functions(request),
    })
    .await;
    server.cloud().associate_function("E1", NAME).await.unwrap();
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.body, config(&associated(), &associated()));
    assert_eq!(sent.header("content-length").unwrap(), sent.body.len().to_string());
    server.cloud().associate_function("E2", NAME).await.unwrap();
    assert!(server.operations().last().unwrap().starts_with("GET"), "nothing is written twice");
}

#[tokio::test]
async fn an_invalidation_names_its_paths() {
    let server = Server::start(|_| {
        super::super::fixture::say(
            201,
            format!(
                "<Invalidation {NS}><Id>I1</Id><Status>InProgress</Status><CreateTime>2026-11-23T01:00:00Z</CreateTime>\
                 <InvalidationBatch><Paths><Quantity>1</Quantity></Paths><CallerReference>r</CallerReference></InvalidationBatch></Invalidation>"
            ),
        )
    })
    .await;
    server.cloud().invalidate("E1", &["/".to_owned(), "/index.html".to_owned()]).await.unwrap();
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.operation(), "POST /2020-05-31/distribution/E1/invalidation");
    assert!(
        sent.body.contains("<Quantity>2</Quantity><Items><Path>/</Path><Path>/index.html</Path></Items>")
    );
}
