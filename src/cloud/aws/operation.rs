//! One operation of AWS on one resource: how its failures are worded, and what must not be shown in them.

use super::error::{Access, Failure, clean, kind};
use crate::cloud::{CloudError, Family, Kind};

/// An operation and the resource that it is about.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    /// As IAM writes it: `ecs:DescribeServices`.
    pub(super) name: &'static str,
    /// Whose rate it draws on.
    pub(super) family: Family,
    resource: &'a str,
    secrets: &'a [&'a str],
    is_secret: bool,
}

impl<'a> Operation<'a> {
    /// `name` as IAM writes it: `ecs:DescribeServices`.
    pub(super) fn new(name: &'static str, family: Family, resource: &'a str) -> Self {
        Self { name, family, resource, secrets: &[], is_secret: false }
    }

    /// The request holds these values: they are cut out of every message that comes back.
    pub(super) fn hiding(self, secrets: &'a [&'a str]) -> Self {
        Self { secrets, ..self }
    }

    /// The request or its answer is a secret as a whole: of failures only the codes are shown, not the messages.
    pub(super) fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    /// A failure of this operation.
    pub(super) fn error(&self, kind: Kind, message: impl AsRef<str>) -> CloudError {
        let message = clean(message.as_ref(), self.secrets.iter().copied());
        CloudError::new(self.name, self.resource, kind, message)
    }

    /// AWS answered, and the answer is no success.
    pub(super) fn refused(
        &self,
        access: Access,
        status: u16,
        code: Option<&str>,
        message: Option<&str>,
    ) -> CloudError {
        let kind = kind(Failure::Answered { status, code }, access);
        let words = code.map_or_else(|| format!("HTTP {status}"), str::to_owned);
        let message = message.filter(|message| !self.is_secret && !message.is_empty());
        let words = message.map_or_else(|| words.clone(), |message| format!("{words}: {message}"));
        self.error(kind, words).with_code(code)
    }

    /// A list that has more pages than any account can have: probably it repeats itself.
    pub(super) fn endless_list(&self) -> CloudError {
        self.error(Kind::Invalid, "the list has too many pages, and reading stopped")
    }
}
