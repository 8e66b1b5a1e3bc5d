package sms

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template/parse"
	"time"
	"unicode/utf8"
)

// words is what stands in for a body's fields.
type words struct {
	Code    string
	Door    string
	Site    string // empty: none
	Minutes int    // of life, rounded up
}

// body is what a text says: plain text and fields, {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}. More of text/template is not
// wanted here, and its reflection would keep 2 MB of the libraries' methods in the program that nobody calls.
type body []parse.Node

// longest is what Twilio takes in one body, in characters (https://www.twilio.com/docs/api/errors/21617).
const longest = 1600

// parseBody reads a body and tries it: a text without its code, or one that Twilio refuses, is found now.
func parseBody(text string, names words) (body, error) {
	trees, err := parse.Parse("body", text, "", "")
	if err != nil {
		return nil, fmt.Errorf("body of the text: %w", err)
	}
	var b body
	if tree := trees["body"]; tree != nil { // none of an empty text
		b = tree.Root.Nodes
	}
	for _, n := range b {
		if _, ok := (words{}).of(n); !ok {
			return nil, fmt.Errorf("body of the text: %s: it may use {{.Code}}, {{.Door}}, {{.Site}} and {{.Minutes}}", n)
		}
	}
	const sample = "8675309421"
	names.Code, names.Minutes = sample, 10
	s := b.render(names)
	switch {
	case !strings.Contains(s, sample):
		return nil, errors.New("body of the text: the code is not in it: write {{.Code}} where it belongs")
	case utf8.RuneCountInString(s) > longest:
		return nil, fmt.Errorf("body of the text: longer than the %d characters that Twilio takes", longest)
	}
	return b, nil
}

// plain is a body without fields.
func plain(text string) body {
	return body{&parse.TextNode{NodeType: parse.NodeText, Text: []byte(text)}}
}

func (b body) render(w words) string {
	var s strings.Builder
	for _, n := range b {
		word, _ := w.of(n)
		s.WriteString(word)
	}
	return s.String()
}

// of returns what a part of a body becomes.
func (w words) of(n parse.Node) (word string, ok bool) {
	switch n := n.(type) {
	case *parse.TextNode:
		return string(n.Text), true
	case *parse.ActionNode:
		switch n.Pipe.String() {
		case ".Code":
			return w.Code, true
		case ".Door":
			return w.Door, true
		case ".Site":
			return w.Site, true
		case ".Minutes":
			return strconv.Itoa(w.Minutes), true
		}
	}
	return "", false
}

// place is what a text without a body of its own calls the door: one owner may have doors in several houses.
func (w words) place() string {
	if w.Site == "" {
		return w.Door
	}
	return w.Door + ", " + w.Site
}

func minutes(ttl time.Duration) int { return int((ttl + time.Minute - 1) / time.Minute) }
