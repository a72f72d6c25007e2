//! Buckets in a folder: `s3s-fs`, with etags in listings and unfinished uploads that can be seen,
//! which it has not, and reads that do not hash the whole object first.

use async_trait::async_trait;
use s3s::dto::*;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

pub(super) struct Store {
    root: PathBuf,
    inner: FileSystem,
    pub(super) uploads: Uploads,
}

/// Bucket and key of each upload that was begun and not ended, by its id.
pub(super) type Uploads = Arc<Mutex<BTreeMap<String, (String, String)>>>;

impl Store {
    pub(super) fn new(root: &Path) -> Self {
        let inner = FileSystem::new(root).unwrap();
        Self { root: root.to_owned(), inner, uploads: Uploads::default() }
    }

    fn bucket(&self, bucket: &str) -> S3Result<PathBuf> {
        let path = self.root.join(bucket);
        if path.is_dir() { Ok(path) } else { Err(s3_error!(NoSuchBucket)) }
    }

    fn object(&self, bucket: &str, key: &str) -> S3Result<(PathBuf, std::fs::Metadata)> {
        let path = self.bucket(bucket)?.join(key);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok((path, metadata)),
            _ => Err(s3_error!(NoSuchKey)),
        }
    }
}

fn etag(metadata: &std::fs::Metadata) -> ETag {
    let written = metadata.modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
    ETag::Strong(format!("{:x}-{:x}", metadata.len(), written.as_nanos()))
}

#[async_trait]
impl S3 for Store {
    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let root = self.bucket(&input.bucket)?;
        let prefix = input.prefix.unwrap_or_default();
        let after = input.continuation_token.unwrap_or_default();
        let mut keys: Vec<(String, PathBuf)> = walkdir::WalkDir::new(&root)
            .into_iter()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let key = entry.path().strip_prefix(&root).unwrap();
                (key.to_str().unwrap().to_owned(), entry.into_path())
            })
            .filter(|(key, _)| key.starts_with(&prefix) && *key > after)
            .collect();
        keys.sort();
        let most = usize::try_from(input.max_keys.unwrap_or(1000)).unwrap().min(1000);
        let is_truncated = keys.len() > most;
        keys.truncate(most);
        let next = keys.last().filter(|_| is_truncated).map(|(key, _)| key.clone());
        let object = |(key, path): &(String, PathBuf)| {
            let metadata = std::fs::metadata(path).unwrap();
            Object {
                key: Some(key.clone()),
                size: Some(i64::try_from(metadata.len()).unwrap()),
                e_tag: Some(etag(&metadata)),
                ..Object::default()
            }
        };
        Ok(S3Response::new(ListObjectsV2Output {
            contents: Some(keys.iter().map(object).collect()),
            is_truncated: Some(is_truncated),
            next_continuation_token: next,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let (path, metadata) = self.object(&input.bucket, &input.key)?;
        let size = metadata.len();
        let range = match input.range {
            Some(range) => range.check(size)?,
            None => 0..size,
        };
        let mut file = File::open(path).unwrap();
        file.seek(SeekFrom::Start(range.start)).unwrap();
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
        file.read_exact(&mut bytes).unwrap();
        let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(i64::try_from(bytes.len()).unwrap()),
            content_range: input.range.map(|_| content_range),
            body: Some(Body::from(bytes).into()),
            e_tag: Some(etag(&metadata)),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let (_, metadata) = self.object(&request.input.bucket, &request.input.key)?;
        let mut response = self.inner.head_object(request).await?;
        response.output.e_tag = Some(etag(&metadata));
        Ok(response)
    }

    async fn list_buckets(
        &self,
        request: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        self.inner.list_buckets(request).await
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let mut response = self.inner.put_object(request).await?;
        response.output.e_tag = Some(etag(&self.object(&bucket, &key)?.1));
        Ok(response)
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.inner.delete_object(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let place = (request.input.bucket.clone(), request.input.key.clone());
        self.bucket(&place.0)?;
        let response = self.inner.create_multipart_upload(request).await?;
        let id = response.output.upload_id.clone().unwrap();
        self.uploads.lock().unwrap().insert(id, place);
        Ok(response)
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        self.inner.upload_part(request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        let response = self.inner.complete_multipart_upload(request).await?;
        self.uploads.lock().unwrap().remove(&id);
        Ok(response)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        if self.uploads.lock().unwrap().remove(&id).is_none() {
            return Err(s3_error!(NoSuchUpload));
        }
        self.inner.abort_multipart_upload(request).await
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let prefix = request.input.prefix.unwrap_or_default();
        let bucket = request.input.bucket;
        let uploads = self.uploads.lock().unwrap();
        let found = uploads.iter().filter(|(_, (b, key))| *b == bucket && key.starts_with(&prefix));
        let found = found.map(|(id, (_, key))| MultipartUpload {
            key: Some(key.clone()),
            upload_id: Some(id.clone()),
            ..MultipartUpload::default()
        });
        Ok(S3Response::new(ListMultipartUploadsOutput {
            uploads: Some(found.collect()),
            is_truncated: Some(false),
            ..ListMultipartUploadsOutput::default()
        }))
    }
}
