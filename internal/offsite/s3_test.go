package offsite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/minio/minio-go/v7"

	"outlast/internal/snapshot"
)

// gateway starts an S3 service on this machine, with a bucket, and sets the
// variables that lead to it.
func gateway(t *testing.T) (bucket string, client *minio.Client) {
	t.Helper()
	program := gatewayProgram(t)
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "bucket"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "--access", "tester", "--secret", "a secret of the test", "--port", address, "posix", root)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "a secret of the test", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://" + address, "AWS_ENDPOINT_URL_S3": "",
	} {
		t.Setenv(name, value)
	}
	client, err = clientOf(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if _, err = client.BucketExists(t.Context(), "bucket"); err == nil {
			return "bucket", client
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	t.Skipf("SKIPPED: versitygw did not start: %v\n%s", err, log.String())
	return "", nil
}

// gatewayProgram finds versitygw where `make test` puts it, or in the path.
func gatewayProgram(t *testing.T) string {
	t.Helper()
	built, err := filepath.Abs("../../bin/interop/versitygw")
	if err == nil {
		if _, err = os.Stat(built); err == nil {
			return built
		}
	}
	program, err := exec.LookPath("versitygw")
	if err != nil {
		t.Skip("SKIPPED: versitygw is not there; `make test` builds it where the Go module proxy is reached")
	}
	return program
}

func object(t *testing.T, client *minio.Client, bucket, name string) []byte {
	t.Helper()
	in, err := client.GetObject(t.Context(), bucket, name, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestCopiesInABucketAreReadBackAndNeverReplaced(t *testing.T) {
	bucket, client := gateway(t)
	a := newAccount(t)
	info := a.take(t)
	p := Place{Bucket: bucket, Prefix: "my/outline"}
	out, err := Copy(t.Context(), a.dir, info.Name, p)
	if err != nil {
		t.Fatal(err)
	}
	name := "my/outline/" + info.Name + ".zip"
	text := object(t, client, bucket, name)
	if out.Path != "s3://bucket/"+name || out.Bytes != int64(len(text)) {
		t.Errorf("got %+v", out)
	}
	if _, err := snapshot.Verify(t.Context(), unpacked(t, text, info.Name), info.Name); err != nil {
		t.Error(err)
	}
	if _, err := Copy(t.Context(), a.dir, info.Name, p); err != nil {
		t.Error("the same once more:", err)
	}

	// An object of that name with other content is left, and is an error.
	next := a.take(t)
	other := "my/outline/" + next.Name + ".zip"
	if _, err := client.PutObject(t.Context(), bucket, other, strings.NewReader("mine"), 4, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Copy(t.Context(), a.dir, next.Name, p); !errors.Is(err, ErrDiffers) {
		t.Errorf("got %v, want ErrDiffers", err)
	}
	if got := object(t, client, bucket, other); string(got) != "mine" {
		t.Errorf("it was replaced by %d bytes", len(got))
	}
}

func TestEncryptedCopiesInABucket(t *testing.T) {
	bucket, client := gateway(t)
	a := newAccount(t)
	info := a.take(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	p := Place{Bucket: bucket, EncryptTo: []string{key.Recipient().String()}}
	if _, err := Copy(t.Context(), a.dir, info.Name, p); err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(object(t, client, bucket, info.Name+".zip.age")), key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Verify(t.Context(), unpacked(t, text, info.Name), info.Name); err != nil {
		t.Error(err)
	}
}

func TestBucketThatIsNotThereOrRefusesUs(t *testing.T) {
	bucket, _ := gateway(t)
	a := newAccount(t)
	info := a.take(t)
	if _, err := Copy(t.Context(), a.dir, info.Name, Place{Bucket: "another"}); !errors.Is(err, ErrPlace) || !strings.Contains(err.Error(), "NoSuchBucket") {
		t.Errorf("got %v, want ErrPlace", err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong secret of the test")
	_, err := Copy(t.Context(), a.dir, info.Name, Place{Bucket: bucket})
	if !errors.Is(err, ErrPlace) || strings.Contains(err.Error(), "secret of the test") {
		t.Errorf("got %v, want ErrPlace without the secret", err)
	}
}

func TestKeysAndAddressComeFromTheEnvironment(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"no keys":        {},
		"plain http":     {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://example.org"},
		"not an address": {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "::"},
	} {
		if _, err := clientOf(func(key string) string { return env[key] }); !errors.Is(err, ErrPlace) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
