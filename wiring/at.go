package wiring

// At says what is at a pin of the header, from 1 to 40: a line, "3V3", "5V" or "GND". It is "" for what is no pin.
func At(pin int) string {
	if pin < 1 || pin > len(header) {
		return ""
	}
	return header[pin-1]
}
