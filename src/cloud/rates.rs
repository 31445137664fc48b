//! Rates: how many requests a second tidegate sends to each family of AWS's APIs.
//!
//! Apart from the adapter that keeps to them, because the configuration names families and rates also in builds without
//! the adapter.

use std::collections::BTreeMap;

/// Calls that AWS counts together, and the rates it allows an account in a region.
/// ECS: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>.
/// Elastic Load Balancing: <https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html>.
/// RDS: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-api-throttling.html>.
/// CloudWatch: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>.
/// S3: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html>.
/// AWS publishes no number for CloudFront
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>) and Application Auto
/// Scaling (<https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html>): theirs
/// are cautious guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// DescribeClusters
    ClusterRead,
    /// DescribeServices, ListServices
    ServiceRead,
    /// UpdateService
    ServiceWrite,
    /// DescribeTasks, ListTasks
    TaskRead,
    /// RunTask, StopTask
    TaskWrite,
    /// DescribeTaskDefinition, ListTaskDefinitions
    DefinitionRead,
    /// RegisterTaskDefinition
    DefinitionWrite,
    /// ecs:TagResource
    EcsTagWrite,
    /// Application Auto Scaling
    Scaling,
    /// RDS
    Database,
    /// Describe calls of Elastic Load Balancing
    BalancerRead,
    /// Other calls of Elastic Load Balancing
    BalancerWrite,
    /// CloudFront, one rate for the whole account
    Edge,
    /// S3
    Storage,
    /// ECR and other registries
    Registry,
    /// STS, SSM, Secrets Manager
    Secrets,
    /// CloudWatch and its logs
    Watching,
    /// Checks from outside
    Probe,
}

/// The size and the refill of a token bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests that may be sent at once.
    pub burst: f64,
    /// Requests a second in the long run.
    pub per_second: f64,
}

impl Family {
    /// All families.
    pub const ALL: [Family; 18] = [
        Family::ClusterRead,
        Family::ServiceRead,
        Family::ServiceWrite,
        Family::TaskRead,
        Family::TaskWrite,
        Family::DefinitionRead,
        Family::DefinitionWrite,
        Family::EcsTagWrite,
        Family::Scaling,
        Family::Database,
        Family::BalancerRead,
        Family::BalancerWrite,
        Family::Edge,
        Family::Storage,
        Family::Registry,
        Family::Secrets,
        Family::Watching,
        Family::Probe,
    ];

    /// The family's name under `[aws.rates]` in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Family::ClusterRead => "ecs-cluster-read",
            Family::ServiceRead => "ecs-service-read",
            Family::ServiceWrite => "ecs-service-write",
            Family::TaskRead => "ecs-task-read",
            Family::TaskWrite => "ecs-task-write",
            Family::DefinitionRead => "ecs-definition-read",
            Family::DefinitionWrite => "ecs-definition-write",
            Family::EcsTagWrite => "ecs-tag-write",
            Family::Scaling => "application-autoscaling",
            Family::Database => "rds",
            Family::BalancerRead => "elb-read",
            Family::BalancerWrite => "elb-write",
            Family::Edge => "cloudfront",
            Family::Storage => "s3",
            Family::Registry => "registry",
            Family::Secrets => "secrets",
            Family::Watching => "cloudwatch",
            Family::Probe => "probe",
        }
    }

    /// Whether it counts reads as well as writes.
    fn is_mixed(self) -> bool {
        matches!(self, Family::Scaling | Family::Database | Family::Edge | Family::Storage)
    }

    /// The rate that AWS allows the whole account in a region.
    pub fn allowed(self) -> Rate {
        let (burst, per_second) = match self {
            Family::ClusterRead | Family::DefinitionRead => (50.0, 20.0),
            Family::ServiceRead | Family::TaskRead => (100.0, 20.0),
            Family::ServiceWrite => (50.0, 5.0),
            Family::TaskWrite => (100.0, 40.0),
            Family::DefinitionWrite => (20.0, 1.0),
            Family::EcsTagWrite => (20.0, 10.0),
            // RDS: 300 at once, 12 a second in the long run. The burst is left to people and CI.
            Family::Database => (60.0, 12.0),
            Family::Scaling | Family::Watching => (40.0, 10.0),
            Family::BalancerRead => (40.0, 10.0),
            Family::BalancerWrite => (40.0, 10.0),
            Family::Edge => (20.0, 4.0),
            // S3 allows 3,500 writes a second and prefix, more than tidegate's connections can send.
            Family::Storage => (2000.0, 1000.0),
            Family::Registry | Family::Secrets | Family::Probe => (40.0, 20.0),
        };
        Rate { burst, per_second }
    }
}

/// The rates that tidegate keeps to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates(BTreeMap<Family, Rate>);

/// The part of an account's rates that tidegate uses unless `aws.share` says otherwise; the rest is for people.
pub const SHARE_DEFAULT: f64 = 0.5;

impl Default for Rates {
    fn default() -> Self {
        Self::share(SHARE_DEFAULT)
    }
}

impl Rates {
    /// This part of every rate, but at least one request at once.
    pub fn share(share: f64) -> Self {
        let ours = |family: Family| {
            let Rate { burst, per_second } = family.allowed();
            Rate { burst: (burst * share).max(1.0), per_second: per_second * share }
        };
        Self(Family::ALL.into_iter().map(|family| (family, ours(family))).collect())
    }

    /// The same with another rate for one family.
    pub fn with(mut self, family: Family, rate: Rate) -> Self {
        self.0.insert(family, rate);
        self
    }

    /// The rate of a family's writes. Where the family counts reads, too, it is half of theirs, beside it: with the
    /// usual share of one half, reads and writes together use three quarters of what AWS allows, and a quarter is left.
    pub fn of_writes(&self, family: Family) -> Rate {
        let Rate { burst, per_second } = self.of(family);
        match family.is_mixed() {
            true => Rate {
                burst: (burst / 2.0).max(if burst > 0.0 { 1.0 } else { 0.0 }),
                per_second: per_second / 2.0,
            },
            false => Rate { burst, per_second },
        }
    }

    /// The rate of one family, and of its reads.
    pub fn of(&self, family: Family) -> Rate {
        self.0.get(&family).copied().unwrap_or_else(|| family.allowed())
    }
}
