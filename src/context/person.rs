//! The operator's name, from the system: written to journals and shown beside leases.

use std::fs;

/// `ann@laptop`: the user of this process, and the machine.
pub fn person() -> String {
    let user =
        ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    format!("{}@{}", user.as_deref().unwrap_or("unknown"), machine())
}

/// The machine's name.
pub fn machine() -> String {
    let name =
        fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = name.map(|name| name.trim().to_owned()).unwrap_or_default();
    if name.is_empty() { "this machine".to_owned() } else { name }
}
