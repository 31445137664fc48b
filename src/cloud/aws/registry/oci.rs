//! Public registries with the OCI protocol: Docker Hub, ghcr.io, public.ecr.aws and others.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>

use std::fmt::Write as _;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::time::Duration;

use super::super::error::Access;
use super::super::http::Reply;
use super::super::operation::Operation;
use super::super::session::Session;
use super::tags::{highest_first, like};
use super::token::Challenge;
use crate::cloud::{CloudError, Family, ImageLookup, Kind};
use crate::model::{Digest, ImageRef};

const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";
/// A token that does not say how long it is valid is valid for a minute.
const TOKEN_LIFE_DEFAULT: i64 = 60;
/// However long a registry promises.
const TOKEN_LIFE_MAX: Duration = Duration::from_secs(12 * 3600);
/// A token is not used in its last seconds.
const TOKEN_MARGIN: Duration = Duration::from_secs(10);
/// Pages of a list of tags: Docker Hub gives a hundred tags a page. More pages are an error, not a shorter list.
const TAG_PAGES_MAX: usize = 100;
/// Tags whose digest is read, one by one, to find the tag of a digest.
const TAGS_TRIED_MAX: usize = 20;

/// The answer of a token service; the token stands under one of two names.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct TagList {
    tags: Option<Vec<String>>,
}

/// One repository in a registry.
struct Repository<'a> {
    session: &'a Session,
    host: &'a str,
    name: &'a str,
}

pub(super) async fn look_up(
    session: &Session,
    host: &str,
    name: &str,
    image: &ImageRef,
) -> Result<ImageLookup, CloudError> {
    let repository = Repository { session, host, name };
    let digest = image.digest();
    let reference = digest.as_ref().map_or(image.tag().unwrap_or("latest"), Digest::as_str);
    match repository.digest(reference).await? {
        Manifest::Found(digest) => Ok(ImageLookup::Found(digest)),
        Manifest::NoAccess(why) => Ok(ImageLookup::Unverified(why)),
        Manifest::Missing => {
            let tags = repository.tags().await.unwrap_or_default();
            Ok(ImageLookup::Missing(like(image.tag().unwrap_or_default(), highest_first(tags))))
        }
    }
}

/// The protocol has no request from a digest to its tags, so the digest of each tag is read.
pub(super) async fn tags_of(
    session: &Session,
    host: &str,
    name: &str,
    digest: &Digest,
) -> Result<Vec<String>, CloudError> {
    let repository = Repository { session, host, name };
    let versions = |tag: &String| tag.contains(|letter: char| letter.is_ascii_digit());
    let tags = repository.tags().await?.into_iter().filter(versions).collect();
    for tag in highest_first(tags).into_iter().take(TAGS_TRIED_MAX) {
        // The highest version is enough.
        if matches!(repository.digest(&tag).await?, Manifest::Found(found) if found == *digest) {
            return Ok(vec![tag]);
        }
    }
    Ok(Vec::new())
}

/// A registry's answer about one manifest.
enum Manifest {
    Found(Digest),
    Missing,
    NoAccess(String),
}

impl Repository<'_> {
    /// HEAD returns the digest and does not count as a pull. Where it does not, the digest is computed from the manifest.
    async fn digest(&self, reference: &str) -> Result<Manifest, CloudError> {
        let path = format!("manifests/{reference}");
        for method in ["HEAD", "GET"] {
            let reply = self.request(method, &path).await?;
            match reply.status {
                200 => {}
                404 => return Ok(Manifest::Missing),
                401 | 403 => {
                    return Ok(Manifest::NoAccess(format!(
                        "{} answered {}: no access",
                        self.host, reply.status
                    )));
                }
                status => return Err(self.refused(&path, status)),
            }
            if let Some(digest) = reply.header("docker-content-digest") {
                return Ok(Manifest::Found(Digest::new(digest)));
            }
            if method == "GET" {
                return Ok(Manifest::Found(digest_of(&reply.body)));
            }
        }
        unreachable!("the second method returns")
    }

    /// All tags. A registry may give them in pages, each with a link to the next one.
    /// <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags>
    async fn tags(&self) -> Result<Vec<String>, CloudError> {
        let mut tags = Vec::new();
        let mut path = "tags/list".to_owned();
        for _ in 0..TAG_PAGES_MAX {
            let reply = self.request("GET", &path).await?;
            match reply.status {
                200 => {}
                404 => return Ok(tags),
                status => return Err(self.refused("tags/list", status)),
            }
            let list: Option<TagList> = serde_json::from_slice(&reply.body).ok();
            tags.extend(list.and_then(|list| list.tags).unwrap_or_default());
            match reply.header("link").and_then(next_page) {
                Some(next) => path = format!("tags/list?{next}"),
                None => return Ok(tags),
            }
        }
        let resource = self.path();
        Err(Operation::new("registry:GET", Family::Registry, &resource).endless_list())
    }

    /// Sends a request; when the registry wants a token, gets one and sends the request again.
    async fn request(&self, method: &str, path: &str) -> Result<Reply, CloudError> {
        let scheme = if self.is_local() { "http" } else { "https" };
        let url = format!("{scheme}://{}/v2/{}/{path}", self.host, self.name);
        let known = self.session.tokens.get(&self.path(), self.session.calls.clock.monotonic());
        let reply = self.send(method, &url, known.as_ref()).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        let Some(challenge) = reply.header("www-authenticate").and_then(Challenge::parse) else {
            return Ok(reply);
        };
        let Some(token) = self.fetch(&challenge).await? else { return Ok(reply) };
        self.send(method, &url, Some(&token)).await
    }

    async fn send(&self, method: &str, url: &str, token: Option<&SecretString>) -> Result<Reply, CloudError> {
        let session = self.session;
        let resource = self.path();
        let hidden: Vec<&str> = token.iter().map(|token| token.expose_secret()).collect();
        let operation = Operation::new("registry:GET", Family::Registry, &resource).hiding(&hidden);
        session.calls.admit(operation, Access::Read).await?;
        session.calls.counts.add("registry:GET", 1);
        let bearer = token.map(|token| format!("Bearer {}", token.expose_secret()));
        let mut headers = vec![("accept", ACCEPT)];
        headers.extend(bearer.iter().map(|bearer| ("authorization", bearer.as_str())));
        let reply = session.http.send(method, url, &headers, method == "GET").await;
        reply.map_err(|why| operation.error(Kind::Unavailable, why))
    }

    async fn fetch(&self, challenge: &Challenge) -> Result<Option<SecretString>, CloudError> {
        let Some(url) = challenge.url(self.is_local()) else { return Ok(None) };
        let reply = self.send("GET", url.as_str(), None).await?;
        let answer: Option<TokenAnswer> = Some(reply)
            .filter(|reply| reply.status == 200)
            .and_then(|r| serde_json::from_slice(&r.body).ok());
        let Some(answer) = answer else { return Ok(None) };
        let Some(token) = answer.token.or(answer.access_token) else { return Ok(None) };
        let token = SecretString::from(token);
        let life =
            Duration::from_secs(u64::try_from(answer.expires_in.unwrap_or(TOKEN_LIFE_DEFAULT)).unwrap_or(0));
        let now = self.session.calls.clock.monotonic();
        let until = now + life.min(TOKEN_LIFE_MAX).saturating_sub(TOKEN_MARGIN);
        self.session.tokens.put(self.path(), token.clone(), until, now);
        Ok(Some(token))
    }

    fn path(&self) -> String {
        format!("{}/{}", self.host, self.name)
    }

    /// Only with a registry on this machine tidegate talks without encryption.
    fn is_local(&self) -> bool {
        let host = self.host.rsplit_once(':').map_or(self.host, |(host, _)| host);
        matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    }

    fn refused(&self, path: &str, status: u16) -> CloudError {
        let resource = self.path();
        let operation = Operation::new("registry:GET", Family::Registry, &resource);
        operation.refused(Access::Read, status, None, Some(path))
    }
}

/// The query of `Link: </v2/NAME/tags/list?n=100&last=TAG>; rel="next"`. Only the query counts: the next request goes to
/// the same repository, wherever the link leads.
fn next_page(link: &str) -> Option<String> {
    let next = link.split(',').find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    let url = next.split_once('<')?.1.split_once('>')?.0;
    Some(url.split_once('?')?.1.to_owned()).filter(|query| !query.is_empty())
}

fn digest_of(manifest: &[u8]) -> Digest {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(manifest) {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    Digest::new(text)
}
