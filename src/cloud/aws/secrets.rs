//! The value of the bypass header, from the place that the declaration names. It leaves this file in a type that cannot
//! be printed, and a message about it has only a code.

use std::path::Path;

use secrecy::SecretString;

use super::allowed::Allowed;
use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Family, Kind};
use crate::files;
use crate::spec::SecretSource;

/// A secret has at most 128 characters and a line end; a longer file is another one.
const FILE_BYTES_MAX: u64 = 4096;

/// One request, or none.
pub(super) async fn secret(session: &Session, source: &SecretSource) -> Result<SecretString, CloudError> {
    let found = match source {
        SecretSource::Ssm(name) => parameter(session, name).await?,
        SecretSource::SecretsManager(id) => managed(session, id).await?,
        SecretSource::Env(name) => variable(&session.allowed, name)?,
        SecretSource::File(path) => file(&session.allowed, path)?,
    };
    // An editor or `echo` adds a line end; a secret has none.
    Ok(SecretString::from(found.trim_end_matches(['\r', '\n']).to_owned()))
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
async fn parameter(session: &Session, name: &str) -> Result<String, CloudError> {
    let operation = Operation::new("ssm:GetParameter", Family::Secrets, name).secret();
    let request = session.clients.parameters.get_parameter().name(name).with_decryption(true);
    let answer = session.calls.read(operation, traced!(request)).await?;
    let value = answer.parameter.and_then(|parameter| parameter.value);
    value.ok_or_else(|| operation.error(Kind::Invalid, "the parameter has no value"))
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
async fn managed(session: &Session, id: &str) -> Result<String, CloudError> {
    let operation = Operation::new("secretsmanager:GetSecretValue", Family::Secrets, id).secret();
    let request = session.clients.secrets.get_secret_value().secret_id(id);
    let answer = session.calls.read(operation, traced!(request)).await?;
    answer.secret_string.ok_or_else(|| operation.error(Kind::Invalid, "the secret is not text"))
}

fn variable(allowed: &Allowed, name: &str) -> Result<String, CloudError> {
    let operation = Operation::new("env", Family::Secrets, name);
    if !allowed.variables.contains(name) {
        return Err(operation.error(
            Kind::AccessDenied,
            "this variable is not listed under `allow.env` in tidegate's configuration",
        ));
    }
    std::env::var(name)
        .map_err(|_| operation.error(Kind::NotFound, "the variable is not set, or is not valid text"))
}

fn file(allowed: &Allowed, path: &str) -> Result<String, CloudError> {
    let operation = Operation::new("file", Family::Secrets, path);
    if !allowed.files.contains(Path::new(path)) {
        return Err(operation.error(
            Kind::AccessDenied,
            "this file is not listed under `allow.files` in tidegate's configuration",
        ));
    }
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => operation.error(Kind::NotFound, "the file does not exist"),
        std::io::ErrorKind::PermissionDenied => {
            operation.error(Kind::AccessDenied, "tidegate has no permission to read the file")
        }
        std::io::ErrorKind::FileTooLarge => {
            operation.error(Kind::Invalid, "the file is too long to be a secret")
        }
        std::io::ErrorKind::InvalidInput => operation.error(Kind::Invalid, "it is not a regular file"),
        kind => operation.error(Kind::Invalid, format!("the file cannot be read: {kind}")),
    };
    files::read_text_bounded(Path::new(path), FILE_BYTES_MAX).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_listed_places_are_read_and_no_error_shows_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bypass");
        std::fs::write(&path, "hunter2-hunter2-hunter2\n").unwrap();
        let named = path.to_str().unwrap();
        let none = Allowed::default();
        assert_eq!(file(&none, named).unwrap_err().kind, Kind::AccessDenied);
        assert_eq!(variable(&none, "PATH").unwrap_err().kind, Kind::AccessDenied);
        let some = Allowed {
            files: BTreeSet::from([path.clone(), folder.path().join("gone"), folder.path().to_owned()]),
            variables: BTreeSet::from(["CARGO_PKG_NAME".to_owned(), "TIDEGATE_NOT_SET".to_owned()]),
            ..Allowed::default()
        };
        assert_eq!(file(&some, named).unwrap(), "hunter2-hunter2-hunter2\n");
        assert_eq!(
            file(&some, folder.path().join("gone").to_str().unwrap()).unwrap_err().kind,
            Kind::NotFound
        );
        assert_eq!(file(&some, folder.path().to_str().unwrap()).unwrap_err().kind, Kind::Invalid);
        assert_eq!(variable(&some, "CARGO_PKG_NAME").unwrap(), "tidegate");
        assert_eq!(variable(&some, "TIDEGATE_NOT_SET").unwrap_err().kind, Kind::NotFound);
    }
}
