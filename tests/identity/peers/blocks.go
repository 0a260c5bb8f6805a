// Go's net/mail on whole messages. A line in: a message in hex; a line out: each address of each From field in
// hex, or "-".
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/mail"
	"os"
	"strings"
)

func read(text []byte) (found []string) {
	message, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return nil
	}
	for _, value := range message.Header["From"] {
		list, err := mail.ParseAddressList(value)
		if err != nil {
			continue
		}
		for _, address := range list {
			found = append(found, hex.EncodeToString([]byte(address.Address)))
		}
	}
	return found
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		text, err := hex.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		found := read(text)
		if len(found) == 0 {
			found = []string{"-"}
		}
		fmt.Println(strings.Join(found, " "))
	}
}
