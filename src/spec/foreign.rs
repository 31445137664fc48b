//! Files that are something else than their name says: recognised by their first bytes or lines, and named.
//!
//! A YAML reader says of a merge conflict "did not find expected key", and of a Git LFS pointer nothing at all: the
//! pointer is YAML. The first message that a person reads should say what the file *is*.

use super::diagnostic::{Code, Diagnostic, Place};

/// What a file is instead of what its name says, and what to do about it.
struct Foreign {
    code: Code,
    what: &'static str,
    hint: &'static str,
}

const LFS: Foreign = Foreign {
    code: Code::LfsPointer,
    what: "this file is a Git LFS pointer, not the file itself",
    hint: "keep declarations and calendars out of Git LFS (`git lfs untrack`, then commit the file again)",
};

const CONFLICT: Foreign = Foreign {
    code: Code::MergeConflict,
    what: "this file holds an unresolved merge conflict",
    hint: "resolve the conflict, remove the lines `<<<<<<<`, `=======` and `>>>>>>>`, and commit again",
};

const ENCRYPTED: Foreign = Foreign {
    code: Code::OtherFormat,
    what: "this file is encrypted",
    hint: "commit it as plain text; secrets belong to SSM or Secrets Manager and are named by `value_from`",
};

const COMPRESSED: Foreign = Foreign {
    code: Code::OtherFormat,
    what: "this file is compressed or an archive",
    hint: "unpack it and commit its content",
};

const WEB_PAGE: Foreign = Foreign {
    code: Code::OtherFormat,
    what: "this file is a web page (HTML): often a page to sign in, saved in place of the file",
    hint: "download the file again while signed in, or export it again",
};

const UTF16: Foreign =
    Foreign { code: Code::NotUtf8, what: "this file is UTF-16 or UTF-32", hint: "save the file as UTF-8" };

const BINARY: Foreign = Foreign {
    code: Code::OtherFormat,
    what: "this file is binary: it holds a byte 0",
    hint: "commit a text file in UTF-8",
};

const LINK: Foreign = Foreign {
    code: Code::OtherFormat,
    what: "this file holds only a path: a symbolic link that was committed as a file",
    hint: "commit the file that the path names, or name it by `extends`",
};

/// What files begin with. The longest form of each is in its specification; the first bytes are enough.
const BEGINNINGS: &[(&[u8], Foreign)] = &[
    (b"version https://git-lfs.github.com/spec/", LFS),
    (b"\0GITCRYPT\0", ENCRYPTED),
    (b"age-encryption.org/", ENCRYPTED),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", ENCRYPTED),
    (b"-----BEGIN PGP MESSAGE-----", ENCRYPTED),
    (b"$ANSIBLE_VAULT;", ENCRYPTED),
    (b"\x1f\x8b", COMPRESSED),
    (b"PK\x03\x04", COMPRESSED),
    (b"\x28\xb5\x2f\xfd", COMPRESSED),
    (b"\xfd7zXZ\0", COMPRESSED),
    (b"BZh9", COMPRESSED),
    (b"\xff\xfe", UTF16),
    (b"\xfe\xff", UTF16),
    (b"\0\0\xfe\xff", UTF16),
];

/// The problem of a file that is something else than text of its kind; `None` for every other file.
pub(super) fn problem(file: &str, bytes: &[u8]) -> Option<Diagnostic> {
    let (foreign, offset) = recognise(bytes)?;
    let before = &bytes[..offset];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let place = Place { file: file.into(), line, column: 1, start: offset, end: offset };
    Some(Diagnostic::error(place, foreign.code, foreign.what).with_hint(foreign.hint))
}

/// What it is, and at which byte that shows.
fn recognise(bytes: &[u8]) -> Option<(&'static Foreign, usize)> {
    if let Some((_, foreign)) = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
        return Some((foreign, 0));
    }
    if let Some(zero) = bytes.iter().position(|byte| *byte == 0) {
        // Text of a Western language in UTF-16 without a mark: every second byte is 0.
        let zeros = bytes.iter().filter(|byte| **byte == 0).count();
        return if zeros * 5 >= bytes.len() * 2 { Some((&UTF16, 0)) } else { Some((&BINARY, zero)) };
    }
    let text = bytes.trim_ascii_start();
    let start = bytes.len() - text.len();
    let begins_with = |what: &[u8]| text.len() >= what.len() && text[..what.len()].eq_ignore_ascii_case(what);
    if begins_with(b"<!doctype html") || begins_with(b"<html") {
        return Some((&WEB_PAGE, start));
    }
    if let Some(at) = conflict(bytes) {
        return Some((&CONFLICT, at));
    }
    if contains(bytes, b"ENC[AES256_GCM,") && lines(bytes).any(|(_, line)| line.starts_with(b"sops:")) {
        return Some((&ENCRYPTED, 0));
    }
    is_link(bytes.trim_ascii()).then_some((&LINK, 0))
}

/// The first marker of a conflict. git writes each at the start of a line; a value of YAML is indented.
fn conflict(bytes: &[u8]) -> Option<usize> {
    let is_marker = |line: &[u8]| line.starts_with(b"<<<<<<< ") || line.starts_with(b">>>>>>> ");
    lines(bytes).find(|(_, line)| is_marker(line)).map(|(at, _)| at)
}

fn is_link(text: &[u8]) -> bool {
    let is_path = text.starts_with(b".") || text.contains(&b'/');
    let names_a_file = [".yaml", ".yml", ".ics"].iter().any(|ending| text.ends_with(ending.as_bytes()));
    is_path && names_a_file && !text.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b':')
}

/// The lines, each with the byte at which it begins.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes.split_inclusive(|byte| *byte == b'\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Option<(Code, usize)> {
        problem("environments/dev.yaml", bytes).map(|problem| (problem.code, problem.place.line))
    }

    #[test]
    fn each_kind_of_foreign_file_is_named_with_its_line() {
        use Code::{LfsPointer, MergeConflict, NotUtf8, OtherFormat};
        let utf16: Vec<u8> = "name: dev\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases: &[(&[u8], Code, usize)] = &[
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n", LfsPointer, 1),
            (
                b"name: dev\n<<<<<<< HEAD\nstate: running\n=======\nstate: stopped\n>>>>>>> x\n",
                MergeConflict,
                2,
            ),
            (b"name: dev\nstate: stopped\n>>>>>>> feature\n", MergeConflict, 3),
            (b"BEGIN:VCALENDAR\r\n<<<<<<< ours\r\n", MergeConflict, 2),
            (b"\0GITCRYPT\0abc", OtherFormat, 1),
            (b"-----BEGIN PGP MESSAGE-----\n", OtherFormat, 1),
            (b"name: ENC[AES256_GCM,data:x]\nsops:\n  mac: x\n", OtherFormat, 1),
            (b"\x1f\x8b\x08\0", OtherFormat, 1),
            (b"PK\x03\x04", OtherFormat, 1),
            (b"\n<!DOCTYPE html><html>", OtherFormat, 2),
            (b"name: dev\nx: \0\n", OtherFormat, 2),
            (b"\xff\xfen\0a\0", NotUtf8, 1),
            (&utf16, NotUtf8, 1),
            (b"platforms/graasp.yaml", OtherFormat, 1),
            (b"../shared/holidays.ics\n", OtherFormat, 1),
        ];
        for (bytes, code, line) in cases {
            assert_eq!(found(bytes), Some((*code, *line)), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn text_of_its_own_kind_is_never_taken_for_another() {
        for text in [
            "",
            "name: dev\n",
            "{\"name\": \"dev\"}",
            "reason: |\n  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n",
            "# version https://git-lfs.github.com/spec/v1\nname: dev\n",
            "note: a <html> page\n",
            "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            "extends: platforms/graasp.yaml",
            "- environments/dev.yaml: x",
            "just text",
        ] {
            assert_eq!(found(text.as_bytes()), None, "{text}");
        }
    }
}
