package netwatch

import "net"

// Routed tells whether this machine has a way to anywhere beyond itself. Nothing
// is sent: to connect a datagram socket only asks the system for a route.
func Routed() bool {
	for _, far := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} { // addresses of documentation
		if c, err := net.Dial("udp", far); err == nil {
			_ = c.Close()
			return true
		}
	}
	return false
}
