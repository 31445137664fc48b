//! tidegate as a process that can be killed, at the emulators' time: this test binary once more, and in it one
//! `apply` with the library's own parts. The real binary does the same at the wall's time, in minutes.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tidegate::cloud::Rates;
use tidegate::cloud::aws::{Allowed, Aws, Endpoint};
use tidegate::execute::Silent;
use tidegate::reconcile::{Reconciler, RunOutcome, ShutdownLevel};
use tidegate::store::LocalStore;

use super::super::clock::FastClock;
use super::super::http;
use super::super::stack::{INHERITED, addresses};
use super::{ACCOUNT, BALANCER, Graasp, wanted};
use crate::rig::bare;

/// Tells a process of this binary that it is one of those.
const TOLD: &str = "TIDEGATE_TEST_LIFE";
/// The test that is such a process.
const ENTRY: &str = "aws::graasp::process::of_a_process_that_may_be_killed";

#[derive(Deserialize, Serialize)]
struct Told {
    declarations: PathBuf,
    store: PathBuf,
}

/// When a process dies: at which of its requests, and on which side of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doom {
    pub(super) request: u64,
    pub(super) side: &'static str,
}

impl Doom {
    /// Before the request arrives; when it was carried out, and nobody has said so; when it was answered.
    pub(super) const SIDES: [&str; 3] = ["before", "unanswered", "answered"];
}

impl Graasp {
    /// One process, to its end.
    pub(super) fn live(&self, doom: Option<Doom>) -> ExitStatus {
        let told = Told { declarations: self.declarations(), store: self.store() };
        let proxy = self.addresses.internet.replace("//", &format!("//{ACCOUNT}:{BALANCER}@"));
        let mut child = bare(&std::env::current_exe().unwrap())
            .args(["--exact", ENTRY, "--nocapture", "--quiet"])
            .env(TOLD, serde_json::to_string(&told).unwrap())
            .env(INHERITED, serde_json::to_string(self.addresses).unwrap())
            .env("HTTPS_PROXY", proxy)
            .env("SSL_CERT_FILE", &self.addresses.authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.doom(child.id(), doom);
        // It has waited for this: no request was sent before its doom was known.
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
        let status = child.wait().unwrap();
        self.doom(0, None);
        status
    }

    fn doom(&self, pid: u32, doom: Option<Doom>) {
        let Doom { request, side } = doom.unwrap_or(Doom { request: 0, side: "" });
        let told = json!({"account": ACCOUNT, "pid": pid, "request": request, "side": side});
        http::tell(&self.addresses.aws, "/dooms", &told);
    }
}

/// Nothing, unless a test has started this binary for it.
#[test]
fn of_a_process_that_may_be_killed() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let Told { declarations, store } = serde_json::from_str(&told).unwrap();
    std::io::stdin().lock().read_line(&mut String::new()).unwrap();
    let mut wanted = wanted(&declarations);
    // Time here is not the wall's: whether a window is open is no question.
    wanted.spec.windows = None;
    let endpoint = Endpoint {
        url: addresses().aws.clone(),
        access_key_id: ACCOUNT.to_owned(),
        secret_access_key: "secret".to_owned().into(),
    };
    let aws = Aws::at(endpoint, Arc::new(FastClock), Rates::default(), Allowed::default());
    let reconciler = Reconciler {
        cloud: &*aws.cloud(&wanted.spec),
        clock: &FastClock,
        store: &LocalStore::open(store).unwrap(),
        declared: &wanted,
        progress: &Silent,
        holder: "test",
        deadline: None,
        shutdown: &|| ShutdownLevel::None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let run = runtime.block_on(reconciler.converge(&wanted.spec.name)).unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
}
