package netwatch

import (
	"context"
	"errors"
	"runtime"
	"syscall"
	"testing"
	"unsafe"
)

// In a network of its own, which has nothing but a loopback that is down, the
// kernel tells when that is brought up.
func TestKernelTellsOfAnAddress(t *testing.T) {
	ready, told := make(chan *watcher), make(chan struct{}, 1)
	failed := make(chan error, 1)
	up := make(chan struct{})
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its network
		if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
			failed <- err
			return
		}
		w, err := open()
		if err != nil {
			failed <- err
			return
		}
		ready <- w
		<-up
		if err := loopbackUp(); err != nil {
			t.Error(err)
		}
	}()
	select {
	case err := <-failed:
		if errors.Is(err, syscall.EPERM) {
			t.Skip("needs the right to make a network of its own: ", err)
		}
		t.Fatal(err)
	case w := <-ready:
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- w.run(ctx, func() {
				select {
				case told <- struct{}{}:
				default:
				}
			})
		}()
		close(up)
		<-told
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

// loopbackUp sets the flag of an interface that is up, as `ip link set lo up`.
func loopbackUp() error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	var request struct { // struct ifreq
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = syscall.IFF_UP
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno
	}
	return nil
}
