//! The import over the wire, with the real program: what it writes is valid and plans to nothing, and nothing is
//! written in AWS.

use tidegate::cloud::{CloudRead as _, Controller};
use tidegate::model::ServiceName;
use tidegate::spec::DatabaseTarget;

use super::contract::land::{Emulated, Land as _};
use super::http;
use super::seed::{CLUSTER, DATABASE, Platform, SERVICE};
use super::shop::{SECRET, Shop};
use super::stack::addresses;
use crate::cli::{Ended, Machine};

/// The program on a machine with credentials for this account.
fn tidegate(machine: &Machine, account: &str, args: &[&str]) -> Ended {
    let mut command = machine.command_on_aws(args);
    command.env("AWS_ENDPOINT_URL", &addresses().aws).env("AWS_ACCESS_KEY_ID", account);
    command.env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_REGION", &addresses().region);
    machine.ended(command.output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_is_imported_and_plans_to_nothing() {
    let account = "400000000001";
    let shop = Shop::untouched(account).await;
    // What Terraform leaves beside it: a service at nothing, one on somebody else's image, one on a tag that moves.
    let registry = format!("{account}.dkr.ecr.{}.amazonaws.com", addresses().region);
    let images = aws_sdk_ecr::Client::new(&shop.platform.config);
    let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag("web-v1.1.0").build();
    let found = images.batch_get_image().repository_name("shop").image_ids(id).send().await.unwrap();
    let manifest = found.images()[0].image_manifest().unwrap();
    let latest = images.put_image().repository_name("shop").image_manifest(manifest).image_tag("latest");
    latest.send().await.unwrap();
    let client = aws_sdk_ecs::Client::new(&shop.platform.config);
    shop.platform.register("search", "getmeili/meilisearch:v1.8.0").await;
    shop.platform.register("preview", &format!("{registry}/shop:latest")).await;
    for (name, family, count) in [("search", "search", 1), ("idle", "search", 0), ("preview", "preview", 1)] {
        let request = client.create_service().cluster(CLUSTER).service_name(name).task_definition(family);
        let request = request.desired_count(count).launch_type(aws_sdk_ecs::types::LaunchType::Fargate);
        request.network_configuration(shop.platform.network()).send().await.unwrap();
    }
    super::clock::until("they run", async || {
        let names = ["search".into(), "preview".into()];
        let found = shop.platform.cloud.services(&CLUSTER.into(), &names).await.unwrap();
        found.values().all(|service| service.running == 1)
    })
    .await;

    let machine = Machine::new();
    let before = traces(account);
    let dir = machine.home().join("repo").display().to_string();
    let printed = tidegate(&machine, account, &["import", CLUSTER, "--dir", &dir]);
    assert_eq!(printed.code, 0, "{}", printed.err);
    insta::assert_snapshot!(format!("{}\n---\n{}", printed.out, printed.err));
    let arn = format!("arn:aws:ecs:{}:{account}:cluster/{CLUSTER}", addresses().region);
    let written = tidegate(&machine, account, &["import", &arn, "--write", "--dir", &dir]);
    assert_eq!((written.code, written.out.as_str()), (0, ""), "{}", written.err);
    let file = std::fs::read_to_string(machine.home().join("repo/environments/shop.yaml")).unwrap();
    assert_eq!(file, printed.out);
    let validated = tidegate(&machine, account, &["validate", "--dir", &dir]);
    assert_eq!(validated.code, 0, "{}{}", validated.out, validated.err);
    let planned = tidegate(&machine, account, &["plan", "shop", "--exit-code", "--dir", &dir]);
    assert_eq!(planned.code, 0, "{}{}", planned.out, planned.err);
    assert!(planned.out.contains("nothing to do: `shop` is as declared"), "{}", planned.out);
    assert!(planned.out.contains("blocked: none"), "{}", planned.out);
    assert_eq!(traces(account), before, "nothing was started");

    // With its secret, the gate is declared; and still nothing is to be done.
    let file = machine.home().join("repo/environments/shop.yaml");
    std::fs::remove_file(&file).unwrap();
    let gated = ["import", CLUSTER, "--secret", "ssm:/shop/bypass", "--write", "--dir", &dir];
    let gated = tidegate(&machine, account, &gated);
    assert_eq!(gated.code, 0, "{}", gated.err);
    assert!(std::fs::read_to_string(&file).unwrap().contains("\nmaintenance:\n"));
    let planned = tidegate(&machine, account, &["plan", "shop", "--exit-code", "--dir", &dir]);
    assert!(planned.code == 0 && planned.out.contains("nothing to do"), "{}{}", planned.out, planned.err);
    assert!(![&gated.err, &gated.out, &planned.out].iter().any(|text| text.contains(SECRET)));

    // Nothing is replaced.
    let again = tidegate(&machine, account, &["import", CLUSTER, "--write", "--dir", &dir]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("already exists"), "{}", again.err);
    // Other credentials are not those of the ARN.
    let strange = tidegate(&machine, "400000000002", &["import", &arn, "--dir", &dir]);
    assert!(strange.code == 1 && strange.err.contains("the ARN to account 400000000001"), "{}", strange.err);
    let missing = tidegate(&machine, account, &["import", "shpo", "--dir", &dir]);
    assert!(missing.code == 1 && missing.err.contains("did you mean `shop`?"), "{}", missing.err);
}

/// Containers that were started in this account.
fn traces(account: &str) -> String {
    http::request(&addresses().engine, "GET", &format!("/containers/{account}"), &[], "").body
}

/// An Aurora cluster is one database, whatever instances it has.
#[tokio::test]
async fn an_aurora_cluster_is_one_database() {
    let platform = Platform::of("400000000003").with_database().await;
    let rds = aws_sdk_rds::Client::new(&platform.config);
    let request = rds.create_db_cluster().db_cluster_identifier("aurora").engine("aurora-postgresql");
    request.master_username("shop").master_user_password("not-a-secret").send().await.unwrap();
    let request = rds.create_db_instance().db_instance_identifier("aurora-1").db_cluster_identifier("aurora");
    request.engine("aurora-postgresql").db_instance_class("db.r6g.large").send().await.unwrap();
    let listed = platform.cloud.databases().await.unwrap();
    let targets: Vec<&DatabaseTarget> = listed.iter().map(|database| &database.target).collect();
    let own = DatabaseTarget::Instance(DATABASE.to_owned());
    assert_eq!(targets, [&own, &DatabaseTarget::Cluster("aurora".to_owned())]);
    assert!(!listed[1].addresses.is_empty(), "{listed:?}");
}

#[tokio::test]
async fn a_daemon_is_told_from_other_services() {
    let Emulated(platform) = Emulated::settled().await;
    let client = aws_sdk_ecs::Client::new(&platform.config);
    let request = client.create_service().cluster(CLUSTER).service_name("agent").task_definition(SERVICE);
    let request = request.scheduling_strategy(aws_sdk_ecs::types::SchedulingStrategy::Daemon);
    request.network_configuration(platform.network()).send().await.unwrap();
    let names: [ServiceName; 2] = ["agent".into(), SERVICE.into()];
    let found = platform.cloud.services(&CLUSTER.into(), &names).await.unwrap();
    assert_eq!(found["agent"].controller, Controller::Daemon);
    assert_eq!(found[SERVICE].controller, Controller::Ecs);
}
