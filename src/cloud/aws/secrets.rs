//! The bypass header's value, from wherever the declaration says. It leaves this file in a type that cannot be
//! printed, and no message about it carries more than a code.

use std::path::Path;

use secrecy::SecretString;

use super::allowed::Allowed;
use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Family, Kind};
use crate::spec::SecretSource;

/// A secret of 128 characters and a line end; what is longer is another file.
const FILE_BYTES_MAX: u64 = 4096;

/// One request, or none.
pub(super) async fn secret(session: &Session, source: &SecretSource) -> Result<SecretString, CloudError> {
    let found = match source {
        SecretSource::Ssm(name) => parameter(session, name).await?,
        SecretSource::SecretsManager(id) => managed(session, id).await?,
        SecretSource::Env(name) => variable(&session.allowed, name)?,
        SecretSource::File(path) => file(&session.allowed, path)?,
    };
    // An editor or `echo` ends it with a line end; no secret has one.
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
        return Err(operation.error(Kind::AccessDenied, "this variable is not named under `allow.env`"));
    }
    std::env::var(name).map_err(|_| operation.error(Kind::NotFound, "the variable is not set, or is no text"))
}

fn file(allowed: &Allowed, path: &str) -> Result<String, CloudError> {
    let operation = Operation::new("file", Family::Secrets, path);
    if !allowed.files.contains(Path::new(path)) {
        return Err(operation.error(Kind::AccessDenied, "this file is not named under `allow.files`"));
    }
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => operation.error(Kind::NotFound, "there is no such file"),
        std::io::ErrorKind::PermissionDenied => {
            operation.error(Kind::AccessDenied, "the file may not be read")
        }
        kind => operation.error(Kind::Invalid, format!("the file cannot be read: {kind}")),
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(operation.error(Kind::Invalid, "the file is too long to be a secret"));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_what_is_named_is_read_and_no_error_shows_it() {
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
