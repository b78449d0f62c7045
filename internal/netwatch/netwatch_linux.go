package netwatch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// groups are the kernel's messages about addresses and routes (linux/rtnetlink.h).
const groups = 0x10 | 0x40 | 0x100 | 0x400 // RTMGRP_IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE

// watcher is a socket on which the kernel tells of changes.
type watcher struct{ socket *os.File }

func open() (*watcher, error) {
	const kind = syscall.SOCK_RAW | syscall.SOCK_CLOEXEC | syscall.SOCK_NONBLOCK
	fd, err := syscall.Socket(syscall.AF_NETLINK, kind, syscall.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: groups}); err != nil {
		return nil, errors.Join(fmt.Errorf("bind netlink: %w", err), syscall.Close(fd))
	}
	return &watcher{os.NewFile(uintptr(fd), "netlink")}, nil
}

// run reads until ctx ends. What a message says does not matter, nor that some
// are lost when too many come.
func (w *watcher) run(ctx context.Context, changed func()) error {
	stop := context.AfterFunc(ctx, func() { w.socket.Close() })
	defer stop()
	message := make([]byte, 8<<10)
	for {
		_, err := w.socket.Read(message)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, syscall.ENOBUFS):
			return errors.Join(fmt.Errorf("read netlink: %w", err), w.socket.Close())
		}
		changed()
	}
}
