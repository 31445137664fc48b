//! The database and its snapshots, registries, secrets, pages and numbers.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use tidegate::cloud::{DatabaseStatus, ImageLookup, Kind, SnapshotStatus, tag};
use tidegate::model::ImageRef;
use tidegate::spec::{DatabaseTarget, SecretSource};

use super::super::seed::{CLUSTER, SERVICE};
use super::land::{Land, SECRET, database};

async fn is(land: &impl Land, wanted: DatabaseStatus) {
    land.until("the database has arrived", async || {
        land.cloud().database(&database()).await.unwrap().unwrap().status == wanted
    })
    .await;
}

pub async fn a_database_is_tagged(land: &impl Land) {
    let (cloud, target) = (land.cloud(), database());
    let found = cloud.database(&target).await.unwrap().unwrap();
    assert_eq!((found.status, found.unstoppable), (DatabaseStatus::Available, None));
    assert!(!found.resource_id.is_empty() && found.identifier == target.identifier());
    cloud.tag_database(&target, tag::SCHEMA, Some("v1.2.3")).await.unwrap();
    cloud.tag_database(&target, tag::MIGRATING, Some("v1/v2/1")).await.unwrap();
    cloud.tag_database(&target, tag::MIGRATING, None).await.unwrap();
    // What is not there can be taken away.
    cloud.tag_database(&target, tag::MIGRATING, None).await.unwrap();
    let tags = cloud.database(&target).await.unwrap().unwrap().tags;
    assert_eq!(tags.get(tag::SCHEMA).map(String::as_str), Some("v1.2.3"));
    assert_eq!(tags.get(tag::MIGRATING), None);
}

pub async fn a_snapshot_has_one_name_and_its_tags_from_the_beginning(land: &impl Land) {
    let (cloud, target) = (land.cloud(), database());
    assert_eq!(cloud.snapshots(&target).await.unwrap(), []);
    let before = cloud.snapshot_quota(&target).await.unwrap().unwrap();
    assert!(before.used < before.max, "{before:?}");
    assert_eq!(cloud.blue_green(&target).await.unwrap(), None);
    let tags = BTreeMap::from([(tag::SNAPSHOT.to_owned(), "v1/v2".to_owned())]);
    cloud.create_snapshot(&target, "tidegate-1", &tags).await.unwrap();
    let again = cloud.create_snapshot(&target, "tidegate-1", &tags).await.unwrap_err();
    assert!(matches!(again.kind, Kind::Conflict | Kind::InvalidState), "{again}");
    let found = cloud.snapshots(&target).await.unwrap();
    assert_eq!((found.len(), found[0].identifier.as_str()), (1, "tidegate-1"));
    assert!(found[0].manual && found[0].tags[tag::SNAPSHOT] == "v1/v2");
    assert_eq!(cloud.snapshot_quota(&target).await.unwrap().unwrap().used, before.used + 1);
    land.until("it is available", async || {
        cloud.snapshots(&target).await.unwrap()[0].status == SnapshotStatus::Available
    })
    .await;
    is(land, DatabaseStatus::Available).await;
    let again = cloud.create_snapshot(&target, "tidegate-1", &tags).await.unwrap_err();
    assert_eq!(again.kind, Kind::Conflict);
    cloud.delete_snapshot(&target, "tidegate-1").await.unwrap();
    assert_eq!(cloud.snapshots(&target).await.unwrap(), []);
    assert_eq!(cloud.delete_snapshot(&target, "tidegate-1").await.unwrap_err().kind, Kind::NotFound);
}

pub async fn a_database_is_stopped_and_started_and_only_from_the_other_state(land: &impl Land) {
    let (cloud, target) = (land.cloud(), database());
    assert_eq!(cloud.start_database(&target).await.unwrap_err().kind, Kind::InvalidState);
    cloud.stop_database(&target).await.unwrap();
    is(land, DatabaseStatus::Stopped).await;
    assert_eq!(cloud.stop_database(&target).await.unwrap_err().kind, Kind::InvalidState);
    let asleep = cloud.create_snapshot(&target, "tidegate-1", &BTreeMap::new()).await.unwrap_err();
    assert_eq!(asleep.kind, Kind::InvalidState);
    // Tags can be set all the same.
    cloud.tag_database(&target, tag::SCHEMA, Some("v1.2.3")).await.unwrap();
    cloud.start_database(&target).await.unwrap();
    is(land, DatabaseStatus::Available).await;
    assert_eq!(cloud.database(&target).await.unwrap().unwrap().tags[tag::SCHEMA], "v1.2.3");
}

pub async fn a_database_that_does_not_exist_is_said_not_to(land: &impl Land) {
    let cloud = land.cloud();
    for nobody in
        [DatabaseTarget::Instance("nobody".to_owned()), DatabaseTarget::Cluster("nobody".to_owned())]
    {
        assert_eq!(cloud.database(&nobody).await.unwrap(), None);
        assert_eq!(cloud.start_database(&nobody).await.unwrap_err().kind, Kind::NotFound, "{nobody:?}");
        assert_eq!(cloud.stop_database(&nobody).await.unwrap_err().kind, Kind::NotFound, "{nobody:?}");
        let tagged = cloud.tag_database(&nobody, tag::SCHEMA, Some("v1")).await.unwrap_err();
        assert_eq!(tagged.kind, Kind::NotFound, "{nobody:?}");
        let copied = cloud.create_snapshot(&nobody, "tidegate-1", &BTreeMap::new()).await.unwrap_err();
        assert_eq!(copied.kind, Kind::NotFound, "{nobody:?}");
    }
}

pub async fn an_image_is_found_or_others_are_named(land: &impl Land) {
    let (cloud, repository) = (land.cloud(), land.repository());
    let ask = async |name: String| cloud.image(&ImageRef::new(name)).await.unwrap();
    let tagged = ask(format!("{repository}:{SERVICE}-v1.0.0")).await;
    let ImageLookup::Found(digest) = tagged else { panic!("{tagged:?}") };
    assert_eq!(ask(format!("{repository}@{digest}")).await, ImageLookup::Found(digest.clone()));
    let other = ask(format!("{repository}:{SERVICE}-missing")).await;
    let ImageLookup::Missing(tags) = other else { panic!("{other:?}") };
    assert!(tags.contains(&format!("{SERVICE}-v1.0.0")), "{tags:?}");
    assert_eq!(ask(format!("{repository}-of-nobody:v1")).await, ImageLookup::Missing(Vec::new()));
    assert_eq!(cloud.tags_of(&repository, &digest).await.unwrap(), [format!("{SERVICE}-v1.0.0")]);
}

pub async fn a_secret_is_read_from_either_store(land: &impl Land) {
    let sources =
        [SecretSource::Ssm("/shop/bypass".to_owned()), SecretSource::SecretsManager("bypass".to_owned())];
    for source in sources {
        assert_eq!(land.cloud().secret(&source).await.unwrap().expose_secret(), SECRET);
    }
    for gone in [SecretSource::Ssm("/gone".to_owned()), SecretSource::SecretsManager("gone".to_owned())] {
        assert_eq!(land.cloud().secret(&gone).await.unwrap_err().kind, Kind::NotFound, "{gone:?}");
    }
}

pub async fn a_page_is_asked_with_the_header_and_without(land: &impl Land) {
    let secret = SECRET.to_owned().into();
    for header in [None, Some(("x-bypass", &secret))] {
        assert_eq!(land.cloud().probe(&land.page(), header).await.unwrap(), 200);
    }
}

pub async fn requests_are_counted_for_groups_behind_a_balancer(land: &impl Land) {
    let cloud = land.cloud();
    let groups =
        cloud.services(&CLUSTER.into(), &[SERVICE.into()]).await.unwrap()[SERVICE].target_groups.clone();
    land.users_come().await;
    assert_eq!(cloud.requests_last_minute(&groups).await.unwrap(), Some(240.0));
    assert_eq!(cloud.requests_last_minute(&[]).await.unwrap(), None, "nobody was asked for");
}
