//! `poke`: the daemon hears it.

use tidegate::daemon::mailbox::{Claim, DaemonProcess, Mailbox};

use super::place::{NOON, Place};

#[test]
fn a_daemon_is_woken_and_history_can_be_agreed_to() {
    let place = Place::new("examples/minimal", NOON);
    let running = DaemonProcess { pid: 7, place: "host-7".to_owned() };
    let Claim::Ours(mailbox) = Mailbox::claim(&place.store(), &running).unwrap() else { panic!("free") };
    let (ended, poke) = std::thread::scope(|scope| {
        let daemon = scope.spawn(|| {
            loop {
                if let Some(poke) = mailbox.take().unwrap() {
                    return poke;
                }
                std::thread::yield_now();
            }
        });
        (place.run(&["poke", "--accept-revision", "41d07e3"]), daemon.join().unwrap())
    });
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(ended.out, "the daemon (process 7 on host-7) looks at the repository and at AWS now\n");
    assert_eq!(poke.accept_revision.as_deref(), Some("41d07e3"));
    assert!(poke.who.starts_with("ann@"), "{}", poke.who);
}
