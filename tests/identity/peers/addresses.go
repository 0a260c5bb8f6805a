// Go's net/mail. A line in: a field's value in hex; a line out: each address in hex, or "-".
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net/mail"
	"os"
	"strings"
)

func read(value string) []*mail.Address {
	message, err := mail.ReadMessage(strings.NewReader("From:" + value + "\n\nhi\n"))
	if err != nil {
		return nil
	}
	list, err := message.Header.AddressList("From")
	if err != nil {
		return nil
	}
	return list
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		value, err := hex.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		found := []string{}
		for _, address := range read(string(value)) {
			found = append(found, hex.EncodeToString([]byte(address.Address)))
		}
		if len(found) == 0 {
			found = []string{"-"}
		}
		fmt.Println(strings.Join(found, " "))
	}
}
