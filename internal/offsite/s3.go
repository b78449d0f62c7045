package offsite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// mostPut is the largest object that one put may make.
const mostPut = 5 << 30

// upload puts an archive into a bucket.
func (w *workshop) upload(ctx context.Context, f file, s *seal, p Place) (out Outcome, err error) {
	client, err := clientOf(os.Getenv)
	if err != nil {
		return out, err
	}
	name := path.Join(p.Prefix, s.name(f.as))
	sealed, err := w.seal(ctx, f, s)
	if err != nil {
		return out, err
	}
	in, err := w.root.Open(sealed.name)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if sealed.size > mostPut {
		return out, fmt.Errorf("%d bytes are more than one put takes", sealed.size)
	}
	opts := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true}
	opts.SetMatchETagExcept("*") // never replace anything
	_, err = client.PutObject(ctx, p.Bucket, name, interruptible(ctx, in), sealed.size, opts)
	if err != nil && minio.ToErrorResponse(err).StatusCode != http.StatusPreconditionFailed {
		return out, placeError(err)
	}
	if err != nil && !s.plain() {
		return out, fmt.Errorf("%w: %s is there already, and only its recipients can tell what it is", ErrPlace, name)
	}
	if err := fetch(ctx, client, p.Bucket, name, f, s); err != nil {
		return out, err
	}
	return Outcome{Path: "s3://" + path.Join(p.Bucket, name), Bytes: sealed.size}, nil
}

// seal encrypts an archive into another file of the workshop, since the size of an
// object must be known before. A plain one is itself.
func (w *workshop) seal(ctx context.Context, f file, s *seal) (file, error) {
	if s.plain() {
		return f, nil
	}
	sealed := file{name: f.name + ageEnding, as: f.as}
	to, err := w.root.OpenFile(sealed.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return sealed, err
	}
	t := newTally(to)
	err = w.writeTo(ctx, t, f, s)
	sealed.size, sealed.sum = t.size, t.sum()
	return sealed, errors.Join(err, to.Close())
}

// fetch reads an object back and compares it.
func fetch(ctx context.Context, client *minio.Client, bucket, name string, want file, s *seal) error {
	in, err := client.GetObject(ctx, bucket, name, minio.GetObjectOptions{})
	if err != nil {
		return placeError(err)
	}
	var failed error // of the reading: not what the object holds is wrong then
	err = s.check(readerFunc(func(p []byte) (int, error) {
		n, err := in.Read(p)
		if err != nil && !errors.Is(err, io.EOF) {
			failed = placeError(err)
		}
		return n, err
	}), want)
	if failed != nil {
		err = failed
	}
	return errors.Join(err, in.Close())
}

// clientOf reads the keys and the address of the service from the variables that
// other programs read too.
func clientOf(env func(string) string) (*minio.Client, error) {
	if env("AWS_ACCESS_KEY_ID") == "" || env("AWS_SECRET_ACCESS_KEY") == "" {
		return nil, fmt.Errorf("%w: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set", ErrPlace)
	}
	address := firstOf(env, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
	if address == "" {
		address = "https://s3.amazonaws.com"
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && !isLoopback(u) {
		return nil, fmt.Errorf("%w: the address of the service must begin with https://", ErrPlace)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY"), env("AWS_SESSION_TOKEN")),
		Secure: u.Scheme == "https", Region: firstOf(env, "AWS_REGION", "AWS_DEFAULT_REGION"), MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlace, err)
	}
	return client, nil
}

// isLoopback tells whether an address is this machine, where http will do.
func isLoopback(u *url.URL) bool {
	host := u.Hostname()
	return u.Scheme == "http" && (host == "localhost" || host == "::1" || strings.HasPrefix(host, "127."))
}

func firstOf(env func(string) string, names ...string) string {
	for _, name := range names {
		if v := env(name); v != "" {
			return v
		}
	}
	return ""
}

// placeError keeps what a service said, without the address that was asked.
func placeError(err error) error {
	if said := minio.ToErrorResponse(err); said.Code != "" {
		return fmt.Errorf("%w: the service says %s (%s)", ErrPlace, said.Code, said.Message)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("%w: %w", ErrPlace, err)
}
