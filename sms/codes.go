package sms

// advice is what one of Twilio's error codes means at a door, and what to do about it.
type advice struct {
	alarm   bool // stands until a text of this owner's gets through: somebody has to act
	meaning string
	hint    string
}

// codes are the error codes that a door's texts meet, when Twilio refuses a text or gives one up. The source of each is its
// page at https://www.twilio.com/docs/api/errors/NNNNN, NNNNN being the code; the texts here say it for people at a door.
// Codes of texts that come in (30039), and of a number's registration (30451), are none of a door's.
var codes = map[int]advice{
	// The account.
	10001: {true, "the Twilio account is not active",
		"see whether the account is out of money or suspended, in Twilio's console"},
	20003: {true, "Twilio refuses the credentials",
		"check account_sid, api_key_sid and the secret; a restricted API key " +
			"must be allowed to send messages and to read messages and phone numbers"},
	20005: {true, "the Twilio account is not active",
		"see whether the account is out of money or not yet activated, in Twilio's console"},
	20404: {false, "Twilio does not know what was asked for", "check account_sid and the api address"},
	30002: {true, "the Twilio account is suspended", "see whether the account is out of money, in Twilio's console"},
	30454: {true, "the account has spent its messages of the day",
		"wait for tomorrow, or ask Twilio for a higher limit"},
	63038: {true, "the account has spent its messages of the day",
		"wait for tomorrow, or ask Twilio for a higher limit"},
	90010: {true, "the Twilio account is not active", "see whether the account is suspended, in Twilio's console"},

	// The sender.
	21212: {true, "the sender's number is not valid", "check from"},
	21603: {true, "the text has no sender", "check from or messaging_service_sid"},
	21606: {true, "the sender's number cannot send this text",
		"check that from is a number of this account that can send SMS"},
	21611: {false, "the sender's queue is full", "wait, then ring again"},
	21266: {true, "the owner's number is the sender's own", "correct the owner's phone, or from"},
	21659: {true, "the sender's number is not one of Twilio's", "check from"},
	21660: {true, "the sender's number belongs to another account", "check from and account_sid"},
	21701: {true, "there is no such messaging service", "check messaging_service_sid"},
	21703: {true, "the messaging service has no sender", "add a number to it in Twilio's console"},
	30001: {false, "Twilio's queue is full", "wait, then ring again"},
	30022: {false, "a carrier in the USA takes no more texts from this sender for now", "wait, then ring again"},
	30024: {true, "the owner's carrier does not take texts from the sender's number",
		"wait a day if the number was registered just now, else ask Twilio"},
	30032: {true, "the sender's toll-free number is not verified", "have the number verified in Twilio's console"},
	30034: {true, "the sender's number is not registered for texts in the USA (A2P 10DLC)",
		"register it in Twilio's console"},

	// The owner's number.
	21211: {false, "the owner's number is not a valid phone number", "correct the owner's phone in the configuration"},
	21408: {true, "the account may not text this region",
		"allow the country under Messaging, Geo permissions in Twilio's console"},
	21604: {false, "the text has no number to go to", "correct the owner's phone in the configuration"},
	21608: {true, "a trial account texts verified numbers only",
		"verify the owner's number in Twilio's console, or upgrade the account and have its compliance profile approved"},
	21610: {false, "the owner has unsubscribed from this sender", "the owner can text START to the sender's number"},
	21612: {false, "the sender cannot reach the owner's number", "use a sender for the owner's country"},
	21614: {false, "the owner's number cannot get texts", "give a mobile number: this looks like a landline"},
	21635: {false, "the owner's number is a landline, which gets no texts", "give a mobile number"},
	30003: {false, "the owner's phone is off or out of reach", "ring again later"},
	30005: {false, "the owner's number is unknown or out of service", "correct the owner's phone in the configuration"},
	30006: {false, "the owner's number is a landline or cannot be reached by this carrier", "give a mobile number"},
	30038: {false, "the owner's number is one of Twilio's, which take no one-time codes", "give a mobile number"},
	572005: {true, "a trial account texts verified numbers only, and the owner's is not verified yet",
		"enter the code that Twilio sent to that number in its console"},

	// Calls.
	21210: {true, "the sender's number may not call", "check that from is a number of this account that can call"},
	21215: {true, "the account may not call this region", "allow the country under Voice, Geo permissions in Twilio's console"},
	21219: {true, "a trial account calls verified numbers only", "verify the owner's number in Twilio's console, or upgrade the account"},

	// The text.
	21602: {false, "the text is empty", "check body"},
	21617: {false, "the text is too long", "shorten body"},
	30004: {false, "the text was blocked", "the owner's phone or carrier blocks texts from this sender"},
	30007: {false, "the text was filtered as spam, by Twilio or a carrier",
		"reword body, or register the sender's number"},
	30008: {false, "the carrier gave the text up and did not say why", "ring again; if it stays, ask Twilio"},
	30019: {false, "the text is too large for the owner's carrier", "shorten body"},
	30036: {false, "the code died before the text could go out", "ring again"},
	30044: {true, "the text is too long for a trial account", "shorten body, or upgrade the account"},
	30410: {false, "a carrier on the way did not answer", "ring again; if it stays, see https://status.twilio.com"},
	30450: {false, "the text was filtered", "reword body, or ask Twilio"},

	// The pace.
	14107: {false, "too many texts to one number in a short time", "wait, then ring again"},
	20429: {false, "Twilio asks for fewer requests", "wait, then ring again"},
}
