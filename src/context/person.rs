//! The operator's name, from the system: written to journals and shown beside leases.

use std::fs;

/// `ann@laptop`: the user of this process, and the machine.
pub fn person() -> String {
    let user = variable("USER").or_else(|| variable("LOGNAME"));
    format!("{}@{}", user.as_deref().unwrap_or("unknown"), machine())
}

/// The machine's name: what `HOSTNAME` says, as `USER` says who it is; else the kernel's.
pub fn machine() -> String {
    let kernel = || fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let file = || fs::read_to_string("/etc/hostname").ok();
    let name = variable("HOSTNAME").or_else(kernel).or_else(file);
    let name = name.map(|name| name.trim().to_owned()).unwrap_or_default();
    if name.is_empty() { "this machine".to_owned() } else { name }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
