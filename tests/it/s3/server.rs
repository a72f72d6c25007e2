//! A store on a free port of this machine, for as long as it is held.

use super::faults::{Asked, Cut, Fault, Faults, Flow};
use super::store::{Store, Uploads};
use async_trait::async_trait;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response, StatusCode, header};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3Result, StdError, s3_error};
use sqlflow::connector::s3::{Retry, S3, SPEC, Sizes};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) const KEY: &str = "AKIATHEKEYOFTESTS";
pub(crate) const SECRET: &str = "the-secret-of-all-tests-0123456789";

/// A store with the buckets `shop`, `public` (anybody reads), `closed` (nobody may do anything),
/// `kept` (nothing is deleted) and `letterbox` (objects are written and nothing else).
pub(crate) struct Server {
    runtime: Option<Runtime>,
    address: SocketAddr,
    root: TempDir,
    uploads: Uploads,
    pub(super) faults: Arc<Faults>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        for bucket in BUCKETS {
            std::fs::create_dir(root.path().join(bucket)).unwrap();
        }
        let faults = Arc::new(Faults::default());
        let store = Store::new(root.path());
        let uploads = store.uploads.clone();
        let mut builder = S3ServiceBuilder::new(store);
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        builder.set_access(Rights);
        let layer = Layer { inner: builder.build(), faults: Arc::clone(&faults) };
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, layer));
        Self { runtime: Some(runtime), address, root, uploads, faults }
    }

    /// The folder of a bucket.
    pub(crate) fn bucket(&self, bucket: &str) -> PathBuf {
        self.root.path().join(bucket)
    }

    /// Uploads that were begun and neither completed nor aborted.
    pub(crate) fn uploads(&self) -> usize {
        self.uploads.lock().unwrap().len()
    }

    /// An object of the bucket `shop`.
    pub(crate) fn object(&self, key: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.bucket("shop").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection with the right keys.
    pub(crate) fn s3(&self) -> S3 {
        self.with(&[("bucket", "shop"), ("access_key_id", KEY), ("secret_access_key", SECRET)])
    }

    /// A connection with other parameters, which waits for nothing.
    pub(crate) fn with(&self, parameters: &[(&str, &str)]) -> S3 {
        let endpoint = self.endpoint();
        let mut all = vec![("endpoint", endpoint.as_str()), ("region", "us-east-1")];
        all.retain(|(name, _)| parameters.iter().all(|(given, _)| given != name));
        all.extend(parameters);
        let parameters = SPEC.read(all).unwrap();
        S3::new(&parameters).unwrap().tuned(quick(), Sizes::default())
    }
}

/// As in earnest, but for the time between.
pub(crate) fn quick() -> Retry {
    Retry {
        first_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(4),
        silence: Duration::from_secs(20),
        ..Retry::default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(super) const BUCKETS: [&str; 7] =
    ["shop", "public", "closed", "abroad", "afar", "kept", "letterbox"];

struct Rights;

#[async_trait]
impl S3Access for Rights {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let bucket = context.s3_path().get_bucket_name().unwrap_or_default().to_owned();
        let op = context.s3_op().name().to_owned();
        let is_public = bucket == "public" && matches!(op.as_str(), "GetObject" | "ListObjectsV2");
        match context.credentials() {
            Some(_) if bucket == "closed" => Err(s3_error!(AccessDenied)),
            Some(_) if bucket == "kept" && op.starts_with("Delete") => Err(s3_error!(AccessDenied)),
            Some(_) if bucket == "letterbox" && op != "PutObject" => Err(s3_error!(AccessDenied)),
            Some(_) => Ok(()),
            None if is_public => Ok(()),
            _ => Err(s3_error!(AccessDenied)),
        }
    }
}

/// Serves until it is told to start anew: then all connections break, and for a moment nobody
/// listens.
async fn serve(mut listener: TcpListener, layer: Layer) {
    let address = listener.local_addr().unwrap();
    loop {
        let connections = tokio::select! {
            connections = accept(&listener, &layer) => connections,
            () = layer.faults.restart.notified() => tokio::task::JoinSet::new(),
        };
        drop((connections, listener));
        tokio::time::sleep(Duration::from_millis(3)).await;
        listener = TcpListener::bind(address).await.unwrap();
    }
}

async fn accept(listener: &TcpListener, layer: &Layer) -> tokio::task::JoinSet<()> {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return connections };
        let layer = layer.clone();
        connections.spawn(async move {
            let io = hyper_util::rt::TokioIo::new(stream);
            // A connection that breaks is what is tested.
            _ = hyper::server::conn::http1::Builder::new().serve_connection(io, layer).await;
        });
    }
}

/// In front of the store: what goes wrong on purpose.
#[derive(Clone)]
struct Layer {
    inner: S3Service,
    faults: Arc<Faults>,
}

impl Service<Request<Incoming>> for Layer {
    type Response = Response<Body>;
    type Error = StdError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, StdError>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let layer = self.clone();
        Box::pin(async move { layer.answer(request.map(Body::from)).await })
    }
}

impl Layer {
    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, StdError> {
        let key = request.uri().path().to_owned();
        if let Some(refused) = abroad(&key) {
            return Ok(refused);
        }
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (is_get, is_put) = (request.method() == "GET", request.method() == "PUT");
        let length = match request.headers().get(header::RANGE) {
            Some(range) if is_get => asked(range.to_str()?),
            _ if is_put => request.body().size_hint().exact().unwrap_or(0),
            _ => 0,
        };
        let completes = request.method() == "POST" && query.contains("uploadId=");
        let fault = self.faults.choose(&Asked {
            key: &key,
            length,
            is_sent: is_put,
            is_change: !is_get && request.method() != "HEAD",
            is_transfer: is_put || completes || length > 1,
        });
        let mut request = request;
        if let Some(answer) = self.refused(&key, fault, &mut request).await? {
            return Ok(answer);
        }
        if is_put {
            let inner = std::mem::take(request.body_mut());
            let flow = Flow::new(inner, Arc::clone(&self.faults), key.clone(), Cut::of(fault));
            *request.body_mut() = Body::http_body_unsync(flow);
        }
        let answer = self.inner.call(request).await.map_err(|_| broken())?;
        if fault == Some(Fault::Lost) {
            return Err(broken());
        }
        let is_body = is_get && !query.contains("list-type") && answer.status().is_success();
        Ok(if is_body { self.flowing(answer, key, fault) } else { answer })
    }

    /// What is said in place of doing it.
    async fn refused(
        &self,
        key: &str,
        fault: Option<Fault>,
        request: &mut Request<Body>,
    ) -> Result<Option<Response<Body>>, StdError> {
        let is_put = request.method() == "PUT";
        let (status, code, message) = match fault {
            Some(Fault::SlowDown) => (503, "SlowDown", "Reduce your rate."),
            Some(Fault::Internal) => (500, "InternalError", "Try again."),
            Some(Fault::Expired) => (400, "ExpiredToken", "It has expired."),
            Some(Fault::Denied) => (403, "AccessDenied", "Access Denied."),
            Some(Fault::Truncated(_)) if is_put => (400, "IncompleteBody", "Too few bytes."),
            Some(Fault::Reset(at) | Fault::Restart(at)) if is_put => {
                self.swallow(key, std::mem::take(request.body_mut()), at).await;
                if matches!(fault, Some(Fault::Restart(_))) {
                    self.faults.restart.notify_one();
                }
                return Err(broken());
            }
            Some(Fault::Dropped) => return Err(broken()),
            Some(Fault::Late(wait)) => {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                return Ok(None);
            }
            Some(
                Fault::Reset(_)
                | Fault::Restart(_)
                | Fault::Truncated(_)
                | Fault::Slow(_)
                | Fault::Lost,
            )
            | None => return Ok(None),
        };
        if is_put {
            // Else the client could see a broken connection and not the answer.
            self.swallow(key, std::mem::take(request.body_mut()), u64::MAX).await;
        }
        Ok(Some(refusal(status, code, message)))
    }

    async fn swallow(&self, key: &str, mut body: Body, at: u64) {
        let mut read = 0;
        while read < at {
            let frame = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context));
            let Some(Ok(frame)) = frame.await else { break };
            read += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        self.faults.flow(key, read);
    }

    fn flowing(&self, answer: Response<Body>, key: String, fault: Option<Fault>) -> Response<Body> {
        let (mut head, inner) = answer.into_parts();
        let cut = Cut::of(fault);
        if let Cut::Quiet(at) = cut {
            head.headers.insert(header::CONTENT_LENGTH, at.into());
        }
        let flow = Flow::new(inner, Arc::clone(&self.faults), key, cut);
        Response::from_parts(head, Body::http_body_unsync(flow))
    }
}

/// The bytes that a range means.
fn asked(range: &str) -> u64 {
    let bounds = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let number = |text: &str| text.parse::<u64>().ok();
    bounds.and_then(|(first, last)| Some(number(last)? + 1 - number(first)?)).unwrap_or(0)
}

fn broken() -> StdError {
    Box::new(io::Error::from(io::ErrorKind::ConnectionReset))
}

fn refusal(status: u16, code: &str, message: &str) -> Response<Body> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{message}</Message><RequestId>1</RequestId></Error>"
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert(header::CONTENT_TYPE, "application/xml".parse().unwrap());
    response
}

/// Buckets that are in another region, the two ways that Amazon says so.
fn abroad(path: &str) -> Option<Response<Body>> {
    if path.starts_with("/abroad") {
        let mut response = refusal(301, "PermanentRedirect", "Use the specified endpoint.");
        response.headers_mut().insert("x-amz-bucket-region", "eu-north-1".parse().unwrap());
        return Some(response);
    }
    let message = "The authorization header is malformed; the region 'us-east-1' is wrong; \
                   expecting 'sa-east-1'";
    path.starts_with("/afar").then(|| refusal(400, "AuthorizationHeaderMalformed", message))
}

/// The path of this package's tests.
pub(crate) fn tests() -> PathBuf {
    Path::new(crate::project::PROJECT_ROOT).join("tests")
}
