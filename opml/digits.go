package opml

import (
	"encoding/binary"
	"strconv"
)

// appendNumber is strconv.AppendInt in base 10, made for times in milliseconds,
// which have 13 digits: two in each node.
func appendNumber(dst []byte, n int64) []byte {
	const high, low = 1e13, 1e12 // from the year 2001 to 2286
	if n < low || n >= high {
		return strconv.AppendInt(dst, n, 10)
	}
	dst = strconv.AppendInt(dst, n/1e8, 10)
	return binary.LittleEndian.AppendUint64(dst, eightDigits(uint64(n%1e8)))
}

// eightDigits returns the digits of a number below 1e8, the first in the lowest
// byte. The halves, then the pairs, then the digits are parted side by side.
func eightDigits(n uint64) uint64 {
	four := n/1e4 | n%1e4<<32
	hundreds := four * 10486 >> 20 & 0x7F_0000_007F
	two := hundreds | (four-100*hundreds)<<16
	tens := two * 103 >> 10 & 0x0F_000F_000F_000F
	return tens | (two-10*tens)<<8 | ones*'0'
}
