//! Rules, functions, distributions and buckets: what users meet.

use tidegate::cloud::{Condition, Kind, Marker, Release, RuleAction, tag};
use tidegate::model::RuleArn;
use tidegate::spec::ListenerTarget;

use super::super::seed::{ALIAS, BUCKET, RELEASES};
use super::land::{Land, SECRET, listener};

pub async fn a_rule_gets_the_header_and_loses_it_again(land: &impl Land) {
    let (cloud, target) = (land.cloud(), listener());
    let before = cloud.listener(&target).await.unwrap().unwrap();
    assert_eq!(before.default_action, RuleAction::Redirect);
    let rule = &before.rules[0];
    assert_eq!(rule.priority, 10);
    assert!(matches!(&rule.action, RuleAction::Forward(groups) if groups.len() == 1));

    cloud.tag_rule(&rule.arn, tag::GATE, Some("closed")).await.unwrap();
    let mut closed = rule.conditions.clone();
    closed.push(Condition::header("X-Bypass", SECRET));
    cloud.set_rule_conditions(&rule.arn, &closed).await.unwrap();
    let seen = cloud.listener(&target).await.unwrap().unwrap();
    assert_eq!(seen.rules[0].conditions, closed);
    assert_eq!(seen.rules[0].tags[tag::GATE], "closed");
    assert_eq!((seen.rules[0].priority, &seen.rules[0].action), (rule.priority, &rule.action));
    assert_eq!(cloud.listener_again(&target, &before).await.unwrap().as_ref(), Some(&seen));

    cloud.set_rule_conditions(&rule.arn, &rule.conditions).await.unwrap();
    cloud.tag_rule(&rule.arn, tag::GATE, None).await.unwrap();
    let after = cloud.listener_again(&target, &seen).await.unwrap();
    assert_eq!(
        (after.as_ref(), cloud.listener(&target).await.unwrap().as_ref()),
        (Some(&before), Some(&before))
    );
}

pub async fn a_listener_or_rule_that_does_not_exist_is_said_not_to(land: &impl Land) {
    let (cloud, target) = (land.cloud(), listener());
    let known = cloud.listener(&target).await.unwrap().unwrap();
    for nobody in
        [ListenerTarget { port: 8443, ..listener() }, ListenerTarget { name: "nobody".to_owned(), ..target }]
    {
        assert_eq!(cloud.listener(&nobody).await.unwrap(), None, "{nobody:?}");
    }
    let rule = &known.rules[0];
    let gone = RuleArn::new(format!("{}0", rule.arn.as_str()));
    let error = cloud.set_rule_conditions(&gone, &rule.conditions).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    assert_eq!(cloud.tag_rule(&gone, tag::GATE, Some("closed")).await.unwrap_err().kind, Kind::NotFound);
}

fn code(number: u8) -> String {
    format!("function handler(event) {{ return event.request; }} // {number}")
}

pub async fn a_function_is_created_updated_and_published(land: &impl Land) {
    let cloud = land.cloud();
    assert_eq!(cloud.function("gate").await.unwrap(), None);
    assert_eq!(cloud.publish_function("gate", "ETVP").await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(cloud.put_function("gate", Some("ETVP"), &code(1)).await.unwrap_err().kind, Kind::NotFound);
    let first = cloud.put_function("gate", None, &code(1)).await.unwrap();
    assert_eq!(cloud.put_function("gate", None, &code(2)).await.unwrap_err().kind, Kind::Conflict);
    let found = cloud.function("gate").await.unwrap().unwrap();
    assert_eq!((found.development, found.live, &found.etag), (code(1), None, &first));
    cloud.publish_function("gate", &first).await.unwrap();
    assert_eq!(cloud.function("gate").await.unwrap().unwrap().live, Some(code(1)));
    let second = cloud.put_function("gate", Some(&first), &code(2)).await.unwrap();
    let found = cloud.function("gate").await.unwrap().unwrap();
    assert_eq!((found.development, found.live, &found.etag), (code(2), Some(code(1)), &second));
    assert_eq!(cloud.put_function("gate", Some(&first), &code(3)).await.unwrap_err().kind, Kind::Conflict);
    assert_eq!(cloud.publish_function("gate", &first).await.unwrap_err().kind, Kind::Conflict);
    cloud.publish_function("gate", &second).await.unwrap();
    assert_eq!(cloud.function("gate").await.unwrap().unwrap().live, Some(code(2)));
}

pub async fn a_distribution_calls_the_function_at_every_behaviour(land: &impl Land) {
    let cloud = land.cloud();
    let etag = cloud.put_function("gate", None, &code(1)).await.unwrap();
    cloud.publish_function("gate", &etag).await.unwrap();
    let found = cloud.distributions(&[ALIAS.to_owned(), "nobody.shop.example".to_owned()]).await.unwrap();
    assert_eq!(found.len(), 1);
    let before = &found[ALIAS];
    assert_eq!(before.aliases, [ALIAS]);
    assert!(before.behaviours.iter().any(|behaviour| behaviour.path == "*"));
    assert!(before.behaviours.iter().all(|behaviour| behaviour.function.is_none() && !behaviour.lambda));
    cloud.associate_function(&before.id, "gate").await.unwrap();
    let (named, callers) =
        cloud.distributions_and_callers(&[ALIAS.to_owned()], "a-function-that-nobody-calls").await.unwrap();
    assert_eq!((named[ALIAS].id.as_str(), callers.len()), (before.id.as_str(), 0));
    assert_eq!(cloud.function_comment("a-function-that-nobody-made").await.unwrap(), None);
    let found = cloud.distributions(std::slice::from_ref(&before.id)).await.unwrap();
    let after = &found[&before.id];
    assert!(after.behaviours.iter().all(|behaviour| behaviour.function.as_deref() == Some("gate")));
    assert_eq!(after.behaviours.len(), before.behaviours.len());
    land.until("the change has reached every edge", async || {
        cloud.distributions(&[ALIAS.to_owned()]).await.unwrap()[ALIAS].deployed
    })
    .await;
    cloud.invalidate(&before.id, &["/*".to_owned(), "/caf%C3%A9/a%20b".to_owned()]).await.unwrap();
    for path in ["/a b", "/café", "/~a", "/%7Ea", "/a*b", "/[a]", "a"] {
        let refusal = cloud.invalidate(&before.id, &[path.to_owned()]).await.unwrap_err();
        assert_eq!(refusal.kind, Kind::Invalid, "{path}: {refusal}");
    }
    let wildcards: Vec<String> = (0..15).map(|number| format!("/{number}/*")).collect();
    let refusal = cloud.invalidate(&before.id, &wildcards).await.unwrap_err();
    assert_eq!(refusal.kind, Kind::Throttled, "one is in progress already: {refusal}");
    for error in [
        cloud.associate_function("ENOBODY", "gate").await.unwrap_err(),
        cloud.invalidate("ENOBODY", &["/*".to_owned()]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind, Kind::NotFound, "{error}");
    }
}

pub async fn a_release_is_copied_and_its_files_deleted(land: &impl Land) {
    let (cloud, bucket, releases) = (land.cloud(), land.bucket(BUCKET), land.bucket(RELEASES));
    let found = cloud.objects(&releases, "v1/").await.unwrap();
    assert!(found.len() > 1 && found.iter().any(|object| object.key == "index.html"), "{found:?}");
    assert!(found.is_sorted_by_key(|object| object.key.clone()));
    assert_eq!(cloud.objects(&releases, "missing/").await.unwrap(), []);
    for object in &found {
        let from = format!("v1/{}", object.key);
        let to = format!("copy/{}", object.key);
        let etag = cloud.copy_object((&releases, &from), (&bucket, &to)).await.unwrap();
        assert_eq!(etag, object.etag, "{to}");
        let head = cloud.object_head(&releases, &from).await.unwrap().expect("it is listed");
        assert_eq!(cloud.object_head(&bucket, &to).await.unwrap(), Some(head), "{to}");
    }
    assert_eq!(cloud.object_head(&releases, "v1/nobody").await.unwrap(), None);
    assert_eq!(cloud.objects(&bucket, "copy/").await.unwrap(), found, "the same content has the same ETag");
    let gone = cloud.copy_object((&releases, "v1/nobody"), (&bucket, "nobody")).await.unwrap_err();
    assert_eq!(gone.kind, Kind::NotFound);
    let keys = ["copy/index.html".to_owned(), "copy/nobody".to_owned()];
    cloud.delete_objects(&bucket, &keys).await.unwrap();
    assert_eq!(cloud.objects(&bucket, "copy/").await.unwrap().len(), found.len() - 1);
    assert_eq!(cloud.objects("no-such-bucket-here", "").await.unwrap_err().kind, Kind::NotFound);
}

pub async fn a_marker_has_one_writer_at_a_time(land: &impl Land) {
    let (cloud, bucket) = (land.cloud(), land.bucket(BUCKET));
    let files = cloud.objects(&bucket, "").await.unwrap();
    assert_eq!(cloud.site_marker(&bucket, "").await.unwrap(), None);
    let release = |version: &str| Release {
        source: format!("s3://{}/{version}/", land.bucket(RELEASES)),
        version: version.into(),
        keys: ["index.html".to_owned()].into(),
    };
    let mut marker = Marker { live: Some(release("v1")), ..Marker::default() };
    let gone =
        cloud.put_site_marker(&bucket, "", &marker, Some("\"0123456789abcdef0123456789abcdef\"")).await;
    assert_eq!(gone.unwrap_err().kind, Kind::Conflict, "there is none to replace");
    cloud.put_site_marker(&bucket, "", &marker, None).await.unwrap();
    assert_eq!(cloud.put_site_marker(&bucket, "", &marker, None).await.unwrap_err().kind, Kind::Conflict);
    let (found, etag) = cloud.site_marker(&bucket, "").await.unwrap().unwrap();
    assert_eq!(found, marker);
    marker.staged = Some(release("v2"));
    cloud.put_site_marker(&bucket, "", &marker, Some(&etag)).await.unwrap();
    let stale = cloud.put_site_marker(&bucket, "", &marker, Some(&etag)).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
    assert_eq!(cloud.objects(&bucket, "").await.unwrap(), files, "the marker is no file of the site");
    assert_eq!(cloud.site_marker(&bucket, "app/latest/").await.unwrap(), None, "each prefix has its own");
    let app = Marker { live: Some(release("v9")), ..Marker::default() };
    cloud.put_site_marker(&bucket, "app/latest/", &app, None).await.unwrap();
    assert_eq!(cloud.site_marker(&bucket, "app/latest/").await.unwrap().unwrap().0, app);
    assert_eq!(cloud.site_marker(&bucket, "").await.unwrap().unwrap().0, marker);
    assert_eq!(cloud.objects(&bucket, "app/latest/").await.unwrap(), []);
    for error in [
        cloud.site_marker("no-such-bucket-here", "").await.unwrap_err(),
        cloud.put_site_marker("no-such-bucket-here", "", &marker, None).await.unwrap_err(),
    ] {
        assert_eq!(error.kind, Kind::NotFound, "{error}");
    }
}
