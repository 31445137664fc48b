//! What the ports promise, on real wire protocols.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use tidegate::cloud::{
    CloudRead, CloudWrite, Condition, DatabaseStatus, ImageLookup, Kind, Marker, Release, Rollback,
    RuleAction, RunTask, ScalableTarget, SnapshotStatus, Suspended, TaskStatus, UpdateService, tag,
};
use tidegate::model::ImageRef;
use tidegate::spec::{DatabaseTarget, ListenerTarget, SecretSource};

use super::clock::until;
use super::seed::{ALIAS, BALANCER, BUCKET, CLUSTER, DATABASE, FAMILY, Platform, RELEASES, SERVICE};

#[tokio::test]
async fn the_account_is_the_credentials_own() {
    let platform = Platform::of("100000000001");
    for _ in 0..2 {
        assert_eq!(platform.cloud.account().await.unwrap(), "100000000001");
    }
    assert_eq!(platform.counts.by_operation(), BTreeMap::from([("sts:GetCallerIdentity", 1)]));
}

#[tokio::test]
async fn a_definition_is_registered_anew_with_only_its_image_changed() {
    let cloud = Platform::of("100000000002").with_services().await.cloud;
    let newest = cloud.newest_definition(&SERVICE.into()).await.unwrap().unwrap();
    assert_eq!(newest.short(), "web:1");
    let images = [("web".into(), ImageRef::new("registry.example/shop:web-v2"))].into();
    let wanted = newest.document.with_images(&images);
    let registered = cloud.register_definition(&wanted).await.unwrap();
    assert_eq!(registered.short(), "web:2");
    assert_eq!(registered.document.fingerprint(), wanted.fingerprint(), "tags and all");
    let found = cloud.newest_definition(&SERVICE.into()).await.unwrap().unwrap();
    assert_eq!((found.arn, found.document.fingerprint()), (registered.arn, wanted.fingerprint()));
    assert_eq!(cloud.newest_definition(&"nobody".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_service_is_read_scaled_and_rolled() {
    let cloud = Platform::of("100000000003").with_services().await.cloud;
    let (cluster, name) = (CLUSTER.into(), SERVICE.into());
    let found = cloud.services(&cluster, &[SERVICE.into(), "nobody".into()]).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[SERVICE].desired, 2);
    assert_eq!(found[SERVICE].rollback, Rollback { circuit_breaker: true, alarms: false });
    assert_eq!(cloud.service_names(&cluster).await.unwrap(), [SERVICE.into()]);
    until("both tasks run and are healthy", async || {
        let tasks = cloud.service_tasks(&cluster, &name).await.unwrap();
        tasks.iter().filter(|task| task.status == TaskStatus::Running && task.healthy).count() == 2
    })
    .await;

    let images = [("web".into(), ImageRef::new("registry.example/shop:web-v2"))].into();
    let before = cloud.task_definition(&found[SERVICE].definition).await.unwrap();
    let next = cloud.register_definition(&before.document.with_images(&images)).await.unwrap();
    let mut update = UpdateService {
        cluster: cluster.clone(),
        service: name.clone(),
        definition: Some(next.arn.clone()),
        desired: Some(1),
        rollback: Some(Rollback::OFF),
    };
    let answer = cloud.update_service(&update).await.unwrap();
    assert_eq!((answer.desired, answer.rollback), (1, Rollback::OFF));
    let primary = answer.deployments.iter().find(|deployment| deployment.primary).unwrap();
    assert_eq!(primary.definition, next.arn);

    update.service = "nobody".into();
    update.rollback = None;
    assert_eq!(cloud.update_service(&update).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(cloud.services(&"nowhere".into(), &[name]).await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn a_cluster_keeps_its_tags() {
    let cloud = Platform::of("100000000004").with_services().await.cloud;
    let cluster = CLUSTER.into();
    cloud.tag_cluster(&cluster, tag::OWNER, "6f1c1f5e").await.unwrap();
    assert_eq!(cloud.cluster_tags(&cluster).await.unwrap().unwrap()[tag::OWNER], "6f1c1f5e");
    assert_eq!(cloud.cluster_tags(&"nowhere".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_one_off_task_is_found_by_who_started_it() {
    let cloud = Platform::of("100000000005").with_services().await.cloud;
    let definition = cloud.newest_definition(&FAMILY.into()).await.unwrap().unwrap().arn;
    let request = RunTask {
        cluster: CLUSTER.into(),
        definition,
        network_of: SERVICE.into(),
        client_token: "token-1".to_owned(),
        started_by: "tidegate-1".to_owned(),
        tags: BTreeMap::from([(tag::MIGRATING.to_owned(), "v1/v2/1".to_owned())]),
    };
    let started = cloud.run_task(&request).await.unwrap();
    let found = cloud.family_tasks(&CLUSTER.into(), &FAMILY.into()).await.unwrap();
    let ours: Vec<_> = found.iter().filter(|task| task.started_by == "tidegate-1").collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(ours[0].arn, started.arn);
    cloud.stop_task(&CLUSTER.into(), &started.arn, "the test is over").await.unwrap();
    let found = cloud.family_tasks(&CLUSTER.into(), &FAMILY.into()).await.unwrap();
    let stopped = found.iter().find(|task| task.arn == started.arn).expect("stopped tasks are listed, too");
    assert!(stopped.status > TaskStatus::Running, "{stopped:?}");
}

#[tokio::test]
async fn a_target_is_suspended_and_resumed() {
    let cloud = Platform::of("100000000006").cloud;
    let (cluster, services) = (CLUSTER.into(), [SERVICE.into()]);
    assert_eq!(cloud.scalable_targets(&cluster, &services).await.unwrap(), BTreeMap::new());
    for suspended in [Suspended::ALL, Suspended::NONE] {
        let target = ScalableTarget { min: 0, max: 8, suspended };
        cloud.set_scalable_target(&cluster, &services[0], &target).await.unwrap();
        assert_eq!(cloud.scalable_targets(&cluster, &services).await.unwrap()[SERVICE], target);
    }
}

#[tokio::test]
async fn a_database_is_tagged_copied_stopped_and_started() {
    let cloud = Platform::of("100000000007").with_database().await.cloud;
    let target = DatabaseTarget::Instance(DATABASE.to_owned());
    let found = cloud.database(&target).await.unwrap().unwrap();
    assert_eq!((found.status, found.unstoppable), (DatabaseStatus::Available, None));
    assert_ne!(found.resource_id, "");

    cloud.tag_database(&target, tag::SCHEMA, Some("v1.2.3")).await.unwrap();
    cloud.tag_database(&target, tag::MIGRATING, Some("v1/v2/1")).await.unwrap();
    cloud.tag_database(&target, tag::MIGRATING, None).await.unwrap();
    let tags = cloud.database(&target).await.unwrap().unwrap().tags;
    assert_eq!(tags.get(tag::SCHEMA).map(String::as_str), Some("v1.2.3"));
    assert_eq!(tags.get(tag::MIGRATING), None);

    let tags = BTreeMap::from([(tag::SNAPSHOT.to_owned(), "v1/v2".to_owned())]);
    cloud.create_snapshot(&target, "tidegate-1", &tags).await.unwrap();
    let again = cloud.create_snapshot(&target, "tidegate-1", &tags).await.unwrap_err();
    assert_eq!(again.kind, Kind::Conflict);
    let snapshots = cloud.snapshots(&target).await.unwrap();
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0].status, SnapshotStatus::Available);
    assert!(snapshots[0].manual && snapshots[0].tags[tag::SNAPSHOT] == "v1/v2");
    cloud.delete_snapshot(&target, "tidegate-1").await.unwrap();
    assert_eq!(cloud.delete_snapshot(&target, "tidegate-1").await.unwrap_err().kind, Kind::NotFound);

    cloud.stop_database(&target).await.unwrap();
    assert_eq!(cloud.database(&target).await.unwrap().unwrap().status, DatabaseStatus::Stopped);
    cloud.start_database(&target).await.unwrap();
    assert_eq!(cloud.database(&target).await.unwrap().unwrap().status, DatabaseStatus::Available);
    let nobody = DatabaseTarget::Instance("nobody".to_owned());
    assert_eq!(cloud.database(&nobody).await.unwrap(), None);
    assert_eq!(cloud.database(&DatabaseTarget::Cluster("nobody".to_owned())).await.unwrap(), None);
}

#[tokio::test]
async fn a_rule_gets_the_header_and_loses_it_again() {
    let cloud = Platform::of("100000000008").with_balancer().await.cloud;
    let target = ListenerTarget { name: BALANCER.to_owned(), port: 443 };
    let before = cloud.listener(&target).await.unwrap().unwrap();
    assert_eq!(before.default_action, RuleAction::Redirect);
    assert_eq!(before.rules.len(), 1);
    let rule = &before.rules[0];
    assert!(matches!(&rule.action, RuleAction::Forward(groups) if groups.len() == 1));

    cloud.tag_rule(&rule.arn, tag::GATE, Some("closed")).await.unwrap();
    let mut closed = rule.conditions.clone();
    closed.push(Condition::header("x-bypass", "s3cret-s3cret-s3cret"));
    cloud.set_rule_conditions(&rule.arn, &closed).await.unwrap();
    let seen = cloud.listener(&target).await.unwrap().unwrap();
    assert_eq!(seen.rules[0].conditions, closed);
    assert_eq!(seen.rules[0].tags[tag::GATE], "closed");
    assert_eq!(seen.rules[0].action, rule.action);

    cloud.set_rule_conditions(&rule.arn, &rule.conditions).await.unwrap();
    cloud.tag_rule(&rule.arn, tag::GATE, None).await.unwrap();
    assert_eq!(cloud.listener(&target).await.unwrap().unwrap(), before);
    let other = ListenerTarget { port: 8443, ..target };
    assert_eq!(cloud.listener(&other).await.unwrap(), None);
    let nobody = ListenerTarget { name: "nobody".to_owned(), ..other };
    assert_eq!(cloud.listener(&nobody).await.unwrap(), None);
}

#[tokio::test]
async fn a_function_is_created_updated_published_and_associated() {
    let cloud = Platform::of("100000000009").with_distribution().await.cloud;
    assert_eq!(cloud.function("gate").await.unwrap(), None);
    let code = |number: u8| format!("function handler(event) {{ return event.request; }} // {number}");
    let first = cloud.put_function("gate", None, &code(1)).await.unwrap();
    let found = cloud.function("gate").await.unwrap().unwrap();
    assert_eq!((found.development, found.live, found.etag.as_str()), (code(1), None, first.as_str()));
    cloud.publish_function("gate", &first).await.unwrap();
    assert_eq!(cloud.function("gate").await.unwrap().unwrap().live, Some(code(1)));
    let second = cloud.put_function("gate", Some(&first), &code(2)).await.unwrap();
    let stale = cloud.put_function("gate", Some(&first), &code(3)).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
    cloud.publish_function("gate", &second).await.unwrap();
    assert_eq!(cloud.function("gate").await.unwrap().unwrap().live, Some(code(2)));

    let names = [ALIAS.to_owned(), "nobody.shop.example".to_owned()];
    let found = cloud.distributions(&names).await.unwrap();
    assert_eq!(found.len(), 1);
    let id = found[ALIAS].id.clone();
    assert_eq!(found[ALIAS].behaviours[0].function, None);
    cloud.associate_function(&id, "gate").await.unwrap();
    let found = cloud.distributions(std::slice::from_ref(&id)).await.unwrap();
    assert_eq!(found[&id].behaviours[0].function.as_deref(), Some("gate"));
    cloud.invalidate(&id, &["/*".to_owned()]).await.unwrap();
}

#[tokio::test]
async fn a_release_is_copied_with_its_headers_and_marked() {
    let files = BTreeMap::from([("index.html", "<html>"), ("assets/a b+ü.js", "let a;")]);
    let platform = Platform::of("100000000010").with_site(&files).await;
    let (cloud, bucket, releases) = (&platform.cloud, platform.bucket(BUCKET), platform.bucket(RELEASES));
    let found = cloud.objects(&releases, "v1/").await.unwrap();
    let keys: Vec<&str> = found.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(keys, ["assets/a b+ü.js", "index.html"]);
    assert_eq!(cloud.objects(&releases, "v2/").await.unwrap(), []);
    for key in &keys {
        cloud.copy_object((&releases, &format!("v1/{key}")), (&bucket, key)).await.unwrap();
    }
    assert_eq!(cloud.objects(&bucket, "").await.unwrap(), found, "the same content has the same ETag");
    let client = aws_sdk_s3::Client::new(&platform.config);
    let copied = client.head_object().bucket(&bucket).key("index.html").send().await.unwrap();
    assert_eq!((copied.content_type(), copied.cache_control()), (Some("text/html"), Some("max-age=60")));

    assert_eq!(cloud.site_marker(&bucket).await.unwrap(), None);
    let release = |version: &str| Release {
        source: format!("s3://{releases}/{version}/"),
        version: version.into(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    };
    let mut marker = Marker { live: Some(release("v1")), previous: None, staged: None };
    cloud.put_site_marker(&bucket, &marker, None).await.unwrap();
    assert_eq!(cloud.put_site_marker(&bucket, &marker, None).await.unwrap_err().kind, Kind::Conflict);
    let (found, etag) = cloud.site_marker(&bucket).await.unwrap().unwrap();
    assert_eq!(found, marker);
    marker.staged = Some(release("v2"));
    cloud.put_site_marker(&bucket, &marker, Some(&etag)).await.unwrap();
    let stale = cloud.put_site_marker(&bucket, &marker, Some(&etag)).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Conflict);
    cloud.delete_objects(&bucket, &["index.html".to_owned()]).await.unwrap();
    assert_eq!(cloud.objects(&bucket, "").await.unwrap().len(), 1, "the marker is no file of the site");
    assert_eq!(cloud.site_marker("no-such-bucket-here").await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn an_image_is_found_or_others_are_named() {
    let platform = Platform::of("100000000011");
    let client = aws_sdk_ecr::Client::new(&platform.config);
    client.create_repository().repository_name("shop").send().await.unwrap();
    for version in ["v1", "v2"] {
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
            "config": {"mediaType": "x", "size": 1, "digest": format!("sha256:{}", version.repeat(32))},
        });
        let request = client.put_image().repository_name("shop").image_manifest(manifest.to_string());
        request.image_tag(format!("web-{version}")).send().await.unwrap();
    }
    let host = format!("{}.dkr.ecr.eu-central-2.amazonaws.com", platform.account);
    let ask =
        async |name: &str| platform.cloud.image(&ImageRef::new(format!("{host}/{name}"))).await.unwrap();
    let ImageLookup::Found(digest) = ask("shop:web-v1").await else { panic!("it was pushed") };
    assert_eq!(ask(&format!("shop@{digest}")).await, ImageLookup::Found(digest.clone()));
    let ImageLookup::Missing(tags) = ask("shop:web-v9").await else { panic!("it was not pushed") };
    assert_eq!(tags.len(), 2);
    assert_eq!(ask("nobody:v1").await, ImageLookup::Missing(Vec::new()));
    assert_eq!(platform.cloud.tags_of(&format!("{host}/shop"), &digest).await.unwrap(), ["web-v1"]);
}

#[tokio::test]
async fn a_secret_is_read_from_either_store() {
    let platform = Platform::of("100000000012");
    let ssm = aws_sdk_ssm::Client::new(&platform.config);
    let request = ssm.put_parameter().name("/shop/bypass").value("from-ssm");
    request.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.unwrap();
    let manager = aws_sdk_secretsmanager::Client::new(&platform.config);
    manager.create_secret().name("bypass").secret_string("from-manager").send().await.unwrap();
    for (source, value) in [
        (SecretSource::Ssm("/shop/bypass".to_owned()), "from-ssm"),
        (SecretSource::SecretsManager("bypass".to_owned()), "from-manager"),
    ] {
        assert_eq!(platform.cloud.secret(&source).await.unwrap().expose_secret(), value);
    }
    let gone = platform.cloud.secret(&SecretSource::Ssm("/gone".to_owned())).await.unwrap_err();
    assert_eq!(gone.kind, Kind::NotFound);
}
