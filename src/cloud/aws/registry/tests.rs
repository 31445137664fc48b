use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::super::fixture::{Reply, Request, Server, ok, refuse, say};
use crate::cloud::{CloudRead, ImageLookup, Kind};
use crate::model::{Digest, ImageRef};

const ECR: &str = "592217263685.dkr.ecr.eu-central-2.amazonaws.com/graasp";

fn ecr(request: &Request) -> Reply {
    let asked = request.json();
    match request.operation().as_str() {
        "BatchGetImage" if asked["repositoryName"] == "secret" => refuse("AccessDeniedException", "no"),
        "BatchGetImage" if asked["repositoryName"] == "gone" => refuse("RepositoryNotFoundException", "no"),
        "BatchGetImage" => match asked["imageIds"][0]["imageTag"].as_str() {
            Some("core-v1") => {
                ok(json!({"images": [{"imageId": {"imageDigest": "sha256:01", "imageTag": "core-v1"}}]}))
            }
            // Some answer with a failure, some with nothing.
            Some("core-v9") => ok(json!({"images": [], "failures": [{"failureCode": "ImageNotFound"}]})),
            _ => ok(json!({"images": [], "failures": []})),
        },
        "DescribeImages" if asked["imageIds"].is_array() => {
            match asked["imageIds"][0]["imageDigest"].as_str() {
                Some("sha256:01") => ok(
                    json!({"imageDetails": [{"imageTags": ["core-latest", "core-v1.9.0", "core-v1.10.0"]}]}),
                ),
                _ => refuse("ImageNotFoundException", "no"),
            }
        }
        "DescribeImages" => ok(json!({"imageDetails": [
            {"imageTags": ["core-v1"], "imagePushedAt": 1}, {"imageTags": ["workers-v2"], "imagePushedAt": 3},
            {"imageTags": ["core-v2"], "imagePushedAt": 2}]})),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn ecr_knows_what_a_tag_means_and_names_others_when_it_does_not() {
    let server = Server::start(ecr).await;
    let cloud = server.cloud();
    let missing = || ImageLookup::Missing(vec!["core-v2".into(), "core-v1".into(), "workers-v2".into()]);
    for (image, lookup) in [
        (format!("{ECR}:core-v1"), ImageLookup::Found(Digest::new("sha256:01"))),
        (format!("{ECR}:core-v9"), missing()),
        (format!("{ECR}:core-v8"), missing()),
        (ECR.replace("/graasp", "/gone:x"), ImageLookup::Missing(Vec::new())),
    ] {
        assert_eq!(cloud.image(&ImageRef::new(&image)).await.unwrap(), lookup, "{image}");
    }
    let hidden = cloud.image(&ImageRef::new(ECR.replace("/graasp", "/secret:x"))).await.unwrap();
    assert!(matches!(hidden, ImageLookup::Unverified(why) if why.contains("AccessDenied")));
    let tags = cloud.tags_of(ECR, &Digest::new("sha256:01")).await.unwrap();
    assert_eq!(tags, ["core-v1.10.0", "core-v1.9.0", "core-latest"]);
    assert_eq!(cloud.tags_of(ECR, &Digest::new("sha256:02")).await.unwrap(), Vec::<String>::new());
}

/// A registry that asks strangers for a token and gives them one.
fn registry(request: &Request) -> Reply {
    let host = request.header("host").unwrap();
    if request.path.starts_with("/token") {
        assert_eq!(request.path, "/token?service=here&scope=repository%3Aumami%3Apull");
        return ok(json!({"token": "t0ken", "expires_in": 300}));
    }
    if request.header("authorization") != Some("Bearer t0ken") {
        let challenge =
            format!("Bearer realm=\"http://{host}/token\",service=\"here\",scope=\"repository:umami:pull\"");
        return Reply::Say { status: 401, headers: vec![("www-authenticate", challenge)], body: Vec::new() };
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("HEAD", "/v2/umami/manifests/v1") => Reply::Say {
            status: 200,
            headers: vec![("docker-content-digest", "sha256:0a".to_owned())],
            body: Vec::new(),
        },
        (_, "/v2/umami/manifests/v2") => ok("manifest"),
        ("GET", "/v2/umami/tags/list") => ok(json!({"tags": ["latest", "v1", "v2"]})),
        _ => say(404, ""),
    }
}

#[tokio::test]
async fn other_registries_are_asked_with_a_token_that_is_kept() {
    let server = Server::start(registry).await;
    let host = server.url.strip_prefix("http://").unwrap();
    let image = |tag: &str| ImageRef::new(format!("{host}/umami:{tag}"));
    let cloud = server.cloud();
    assert_eq!(cloud.image(&image("v1")).await.unwrap(), ImageLookup::Found(Digest::new("sha256:0a")));
    assert_eq!(server.requests().len(), 3, "refused, token, answer");
    cloud.image(&image("v1")).await.unwrap();
    assert_eq!(server.requests().len(), 4);
    // Without the header, the manifest itself tells: sha256 of `manifest`.
    let ImageLookup::Found(digest) = cloud.image(&image("v2")).await.unwrap() else { panic!("it is there") };
    assert!(digest.as_str().starts_with("sha256:") && digest.as_str().len() == 71);
    assert_eq!(
        cloud.image(&image("v3")).await.unwrap(),
        ImageLookup::Missing(vec!["v2".to_owned(), "v1".to_owned(), "latest".to_owned()])
    );
    let tags = cloud.tags_of(&format!("{host}/umami"), &Digest::new("sha256:0a")).await.unwrap();
    assert_eq!(tags, ["v1"]);
}

/// Docker Hub and ghcr.io give a hundred tags at once; the one that is looked for may be on the last page.
#[tokio::test]
async fn tags_are_read_to_their_last_page_and_never_from_elsewhere() {
    let server = Server::start(|request| {
        let page = |tags: serde_json::Value, link: &str| Reply::Say {
            status: 200,
            headers: vec![("link", link.to_owned())]
                .into_iter()
                .filter(|(_, link)| !link.is_empty())
                .collect(),
            body: json!({ "tags": tags }).to_string().into_bytes(),
        };
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/v2/shop/tags/list") => {
                page(json!(["v1"]), "</v2/shop/tags/list?n=1&last=v1>; rel=\"next\"")
            }
            ("GET", "/v2/shop/tags/list?n=1&last=v1") => {
                page(json!(["v2"]), "<https://elsewhere.example/v2/shop/tags/list?last=v2>; rel=next")
            }
            ("GET", "/v2/shop/tags/list?last=v2") => page(json!(["v3"]), ""),
            ("GET", "/v2/endless/tags/list" | "/v2/endless/tags/list?x") => {
                page(json!(["v1"]), "</v2/endless/tags/list?x>; rel=\"next\"")
            }
            ("HEAD", "/v2/shop/manifests/v3") => Reply::Say {
                status: 200,
                headers: vec![("docker-content-digest", "sha256:0c".to_owned())],
                body: Vec::new(),
            },
            _ => say(404, ""),
        }
    })
    .await;
    let host = server.url.strip_prefix("http://").unwrap();
    let missing = server.cloud().image(&ImageRef::new(format!("{host}/shop:v9"))).await.unwrap();
    assert_eq!(missing, ImageLookup::Missing(vec!["v3".into(), "v2".into(), "v1".into()]));
    let tags = server.cloud().tags_of(&format!("{host}/shop"), &Digest::new("sha256:0c")).await.unwrap();
    assert_eq!(tags, ["v3"]);
    let endless = server.cloud().tags_of(&format!("{host}/endless"), &Digest::new("sha256:0c")).await;
    assert_eq!(endless.unwrap_err().kind, Kind::Invalid);
}

#[tokio::test]
async fn a_registry_that_does_not_let_us_in_proves_nothing() {
    static THROTTLES: AtomicBool = AtomicBool::new(false);
    let server = Server::start(|_| match THROTTLES.load(Ordering::Relaxed) {
        true => say(429, ""),
        false => Reply::Say {
            status: 401,
            headers: vec![("www-authenticate", "Basic realm=\"x\"".to_owned())],
            body: Vec::new(),
        },
    })
    .await;
    let image = ImageRef::new(format!("{}/umami:v1", server.url.strip_prefix("http://").unwrap()));
    let hidden = server.cloud().image(&image).await.unwrap();
    assert!(matches!(hidden, ImageLookup::Unverified(_)), "{hidden:?}");
    THROTTLES.store(true, Ordering::Relaxed);
    assert_eq!(server.cloud().image(&image).await.unwrap_err().kind, Kind::Throttled);
}
