package view

import "time"

// samplesForAdmins is the part of Samples that only admins see.
func samplesForAdmins() []Sample {
	person := Person{
		Frame: sampleFrame, Email: sampleAddress, Added: sampleTime.AddDate(0, -2, 0), Proven: sampleTime.AddDate(0, -1, 0),
		Groups: []string{"editors", "staff"}, Recovery: "ada@example.org", Sessions: sampleSessions(), Yourself: true,
		Grants: []PersonGrant{
			{Origin: "https://reports.example.com", Until: sampleTime.AddDate(0, 0, 1)},
			{Origin: "https://wiki.mail.department.university.example.com"},
		},
	}
	return []Sample{
		{"people", People{Frame: sampleFrame, Requests: sampleRequests(), People: samplePeople(), NextPage: "after=edsger%40example.com"}},
		{"people-empty", People{Frame: sampleFrame}},
		{"people-search", People{
			Frame: sampleFrame, People: samplePeople()[:1], Search: "lovelace", Notice: "disabled", NoticeAddress: sampleLongAddress,
		}},
		{"people-not-found", People{Frame: sampleFrame, Requests: sampleRequests()[:1], Search: "nobody@", Notice: "approved", NoticeAddress: sampleAddress}},
		{"person", person},
		{"person-disabled", Person{Frame: sampleFrame, Email: sampleLongAddress, Disabled: true, Added: sampleTime}},
		{"confirm-person", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "end"}},
		{"confirm-person-one", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "end", Session: "s2"}},
		{"confirm-person-disable", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "disable", Yourself: true}},
		{"confirm-person-enable", ConfirmPerson{Frame: sampleFrame, Email: sampleAddress, Action: "enable"}},
		{"confirm-person-remove", ConfirmPerson{Frame: sampleFrame, Email: sampleLongAddress, Action: "remove"}},
	}
}

func sampleRequests() []AccessRequest {
	return []AccessRequest{
		{ID: "r1", Email: sampleAddress, Words: sampleWords, Origin: "https://reports.example.com", Asked: sampleTime,
			Browser: "Firefox", System: "Windows", Network: "203.0.113.0/24"},
		{ID: "r2", Email: sampleLongAddress, Asked: sampleTime.Add(time.Hour)},
	}
}

func samplePeople() []PeopleRow {
	return []PeopleRow{
		{Email: sampleAddress, Proven: sampleTime, Groups: []string{"editors", "staff"}},
		{Email: "alan@example.com", Proven: sampleTime.AddDate(0, -1, 0)},
		{Email: "barbara@example.com", Disabled: true, Proven: sampleTime.AddDate(0, -5, 0)},
		{Email: sampleLongAddress},
		{Email: "edsger@example.com", Groups: []string{"staff"}},
	}
}
