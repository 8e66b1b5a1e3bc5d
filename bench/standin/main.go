// Command standin plays Twilio's API on loopback for a door that is tried without an account, and prints the texts that a
// phone would get. It sends nothing to anybody.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"latchd/sms/standin"
)

func main() {
	log.SetFlags(0)
	listen := flag.String("listen", "127.0.0.1:8081", "address on loopback: twilio.api of the door")
	account := flag.String("account", "AC00000000000000000000000000000000", "twilio.account_sid of the door")
	secret := flag.String("secret", "notasecret", "its auth token")
	from := flag.String("from", "+15005550006", "twilio.from of the door")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
		log.Fatalf("%s: want a loopback address: codes are sent there in clear", *listen)
	}
	fmt.Printf("Twilio's API is played at http://%s for account %s, token %s\n", l.Addr(), *account, *secret)
	s := &http.Server{ReadTimeout: 10 * time.Second, Handler: standin.New(standin.Options{AccountSID: *account, Secret: *secret,
		Numbers: []string{*from}, OnText: func(m standin.Message) { fmt.Printf("to %s: %s\n", m.To, m.Body) }})}
	log.Fatal(s.Serve(l))
}
