use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use super::fixture::{ACCOUNT, Reply, Server, ok, refuse, region, say};
use super::*;
use crate::clock::SystemClock;
use crate::cloud::{CloudRead, CloudWrite, LogTail, Rate};
use crate::spec::SecretSource;

fn identity() -> Reply {
    ok(format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    ))
}

#[tokio::test]
async fn the_account_is_asked_for_once() {
    let server = Server::start(|_| identity()).await;
    for _ in 0..3 {
        assert_eq!(server.cloud().account().await.unwrap(), ACCOUNT);
    }
    assert_eq!(server.counts.by_operation(), [("sts:GetCallerIdentity", 1)].into());
}

#[tokio::test]
async fn without_a_connection_nothing_was_done() {
    // No program listens on a port that was just closed.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (cloud, _) = region(&url, Rates::default(), Allowed::default());
    let error = cloud.stop_task(&"graasp-prod".into(), "task", "why").await.unwrap_err();
    assert_eq!(error.kind, Kind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_write_that_hangs_up_may_have_been_carried_out() {
    let server = Server::start(|_| Reply::HangUp).await;
    let error = server.cloud().stop_task(&"graasp-prod".into(), "task", "why").await.unwrap_err();
    assert_eq!(error.kind, Kind::AnswerLost, "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_role_that_is_not_allowed_is_never_assumed() {
    let role = "arn:aws:iam::592217263685:role/admin";
    let aws = Aws::new(Arc::new(SystemClock), Rates::default(), Allowed::default());
    let error = aws.region(ACCOUNT, "eu-central-2", Some(role)).account().await.unwrap_err();
    assert_eq!((error.kind, error.operation), (Kind::AccessDenied, "sts:AssumeRole"));
    assert!(error.message.contains("allow.assume_roles"));
    assert_eq!(aws.counts().total(), 0);
}

#[tokio::test]
async fn environments_of_one_account_and_region_share_everything() {
    let aws = Aws::new(Arc::new(SystemClock), Rates::default(), Allowed::default());
    let one = aws.region(ACCOUNT, "eu-central-2", None);
    assert!(Arc::ptr_eq(&one.0, &aws.region(ACCOUNT, "eu-central-2", None).0));
    let there = aws.region(ACCOUNT, "eu-central-1", None);
    assert!(!Arc::ptr_eq(&one.0.calls.budget, &there.0.calls.budget));
    assert!(
        Arc::ptr_eq(&one.0.calls.global, &there.0.calls.global),
        "CloudFront has one rate for all regions"
    );
}

#[tokio::test]
async fn our_own_share_is_refused_to_writes_and_never_queues_them() {
    let server = Server::start(|_| ok(json!({}))).await;
    let rates = Rates::default().with(Family::TaskWrite, Rate { burst: 2.0, per_second: 0.01 });
    let (cloud, counts) = region(&server.url, rates, Allowed::default());
    let stop = async || cloud.stop_task(&"graasp-prod".into(), "task", "why").await;
    stop().await.unwrap();
    stop().await.unwrap();
    let error = stop().await.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled);
    assert!(error.message.contains("ecs-task-write"), "{error}");
    assert_eq!(counts.total(), 2, "the third was not sent");
}

#[tokio::test]
async fn secrets_come_from_where_the_declaration_says() {
    let server = Server::start(|request| match request.operation().as_str() {
        "GetParameter" if request.json()["Name"] == "/gone" => refuse("ParameterNotFound", "no"),
        "GetParameter" => {
            assert_eq!(request.json()["WithDecryption"], json!(true));
            ok(json!({"Parameter": {"Value": "from-ssm"}}))
        }
        "GetSecretValue" => ok(json!({"SecretString": "from-secrets-manager\n"})),
        other => panic!("{other}"),
    })
    .await;
    let cloud = server.cloud();
    for (source, value) in [
        (SecretSource::Ssm("/graasp/bypass".to_owned()), "from-ssm"),
        (SecretSource::SecretsManager("graasp".to_owned()), "from-secrets-manager"),
    ] {
        assert_eq!(cloud.secret(&source).await.unwrap().expose_secret(), value);
    }
    let error = cloud.secret(&SecretSource::Ssm("/gone".to_owned())).await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::NotFound, "ParameterNotFound"));
    let error = cloud.secret(&SecretSource::Env("PATH".to_owned())).await.unwrap_err();
    assert_eq!(error.kind, Kind::AccessDenied);
}

#[tokio::test]
async fn a_file_is_read_when_it_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bypass");
    std::fs::write(&path, "from-a-file\r\n").unwrap();
    let allowed = Allowed { files: BTreeSet::from([path.clone()]), ..Allowed::default() };
    let server = Server::allowing(allowed, |_| panic!("no request is expected")).await;
    let source = SecretSource::File(path.to_str().unwrap().to_owned());
    assert_eq!(server.cloud().secret(&source).await.unwrap().expose_secret(), "from-a-file");
}

#[tokio::test]
async fn a_check_follows_no_redirect_and_sends_the_header_only_when_it_is_given() {
    let server = Server::start(|request| match request.header("x-bypass") {
        Some("s3cret-s3cret-s3cret") => say(200, "inside"),
        Some(other) => panic!("{other}"),
        None => Reply::Say {
            status: 302,
            headers: vec![("location", "https://maintenance.graasp.org".to_owned())],
            body: Vec::new(),
        },
    })
    .await;
    let cloud = server.cloud();
    let url = Url::parse(&format!("{}/health?a=1", server.url)).unwrap();
    let secret = SecretString::from("s3cret-s3cret-s3cret".to_owned());
    assert_eq!(cloud.probe(&url, None).await.unwrap(), 302);
    assert_eq!(cloud.probe(&url, Some(("x-bypass", &secret))).await.unwrap(), 200);
    let sent = server.requests().pop().unwrap();
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("GET", "/health?a=1"));
    assert!(sent.header("user-agent").unwrap().starts_with("tidegate/"));
    for (url, kind) in [("ftp://graasp.org/", Kind::Invalid), ("http://127.0.0.1:9/", Kind::Unavailable)] {
        let error = cloud.probe(&Url::parse(url).unwrap(), Some(("x-bypass", &secret))).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(!error.to_string().contains("s3cret"));
    }
}

#[tokio::test]
async fn the_last_lines_of_a_container_come_from_its_own_stream() {
    let definition = "arn:aws:ecs:eu-central-2:592217263685:task-definition/migrate:3";
    let server = Server::start(move |request| match request.operation().as_str() {
        "DescribeTaskDefinition" => ok(json!({"taskDefinition": {
            "taskDefinitionArn": definition, "family": "migrate", "revision": 3, "containerDefinitions": [
                {"name": "migrate", "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/graasp", "awslogs-stream-prefix": "m", "awslogs-region": "eu-west-1"}}},
                {"name": "proxy", "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/graasp", "awslogs-stream-prefix": "m"}}},
                {"name": "late", "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/graasp", "awslogs-stream-prefix": "m"}}}]}})),
        "GetLogEvents" => {
            let asked = request.json();
            match (asked["logStreamName"].as_str(), asked["nextToken"].as_str()) {
                (Some("m/late/0123"), _) => refuse("ResourceNotFoundException", "no stream yet"),
                (Some("m/proxy/0123"), _) => refuse("AccessDeniedException", "not authorized"),
                (Some("m/migrate/0123"), None) => ok(json!({"events": [], "nextBackwardToken": "b/1"})),
                (Some("m/migrate/0123"), Some("b/1")) => ok(json!({"nextBackwardToken": "b/2", "events": [
                    {"timestamp": 1, "message": "one"}, {"timestamp": 2, "message": "two"},
                    {"timestamp": 3, "message": "three"}]})),
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other}"),
    })
    .await;
    let task = crate::cloud::Task {
        arn: "arn:aws:ecs:eu-central-2:592217263685:task/graasp-prod/0123".to_owned(),
        definition: definition.to_owned(),
        started_by: "tidegate-1".to_owned(),
        status: crate::cloud::TaskStatus::Stopped,
        created_at: crate::bench::a_tuesday(),
        started_at: None,
        stopped_at: None,
        stop_code: None,
        stopped_reason: None,
        containers: Vec::new(),
        healthy: false,
        ill: Vec::new(),
    };
    let cloud = server.cloud();
    let lines = cloud.log_tail(&task, &"migrate".into(), 2).await.unwrap();
    assert_eq!(lines, LogTail::Lines(vec!["two".to_owned(), "three".to_owned()]));
    let LogTail::Unread(why) = cloud.log_tail(&task, &"late".into(), 2).await.unwrap() else {
        panic!("no stream")
    };
    assert!(why.contains("has no stream `m/late/0123`"), "{why}");
    let denied = cloud.log_tail(&task, &"proxy".into(), 2).await.unwrap_err();
    assert_eq!(denied.kind, Kind::AccessDenied);
    assert!(server.requests().iter().any(|request| {
        request.operation() == "GetLogEvents"
            && request.header("authorization").unwrap().contains("/eu-west-1/logs/")
    }));
}

#[tokio::test]
async fn what_no_call_can_pass_is_asked_once_and_answers_the_rest() {
    for (status, code) in [
        (400, "ExpiredTokenException"),
        (403, "InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch"),
        (400, "UnrecognizedClientException"),
        (403, "RequestExpired"),
    ] {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
        );
        let server = Server::start(move |_| say(status, &body)).await;
        let first = server.cloud().account().await.unwrap_err();
        assert_eq!(first.kind, Kind::Credentials, "{first}");
        assert!(first.message.contains(code), "{first}");
        let sent = server.requests().len();
        for error in [
            server.cloud().cluster_names().await.unwrap_err(),
            server.cloud().databases().await.unwrap_err(),
            server.cloud().stop_task(&"graasp-prod".into(), "task", "why").await.unwrap_err(),
        ] {
            assert_eq!((error.kind, &error.message), (Kind::Credentials, &first.message));
        }
        assert_eq!((sent, server.requests().len()), (1, 1), "{code} is not asked again");
    }
}
