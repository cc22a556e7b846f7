BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE allocations (
	company_id INTEGER NOT NULL, 
	decision_id BIGINT NOT NULL, 
	item_no BIGINT NOT NULL, 
	payment_id TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	cash BIGINT DEFAULT 0 NOT NULL, 
	discount BIGINT DEFAULT 0 NOT NULL, 
	write_off BIGINT DEFAULT 0 NOT NULL, 
	settled BIGINT DEFAULT 0 NOT NULL, 
	residual BIGINT DEFAULT 0 NOT NULL, 
	residual_reason TEXT, 
	expected_open BIGINT DEFAULT 0 NOT NULL, 
	reflected BOOLEAN DEFAULT false NOT NULL, 
	CONSTRAINT pk_allocations PRIMARY KEY (company_id, decision_id, item_no), 
	CONSTRAINT ck_allocations_whole_amounts CHECK (cash = CAST(cash AS BIGINT) AND discount = CAST(discount AS BIGINT) AND write_off = CAST(write_off AS BIGINT) AND settled = CAST(settled AS BIGINT) AND residual = CAST(residual AS BIGINT)), 
	CONSTRAINT ck_allocations_settled_is_the_sum CHECK (settled = cash + discount + write_off), 
	CONSTRAINT fk_allocations_company_id_decision_id FOREIGN KEY(company_id, decision_id) REFERENCES decisions (company_id, decision_id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_allocations_company_id_item_no FOREIGN KEY(company_id, item_no) REFERENCES items (company_id, item_no)
);
INSERT INTO "allocations" VALUES(1,1,1,'p1','EUR',11900,0,0,11900,0,NULL,11900,0);
INSERT INTO "allocations" VALUES(1,4,3,'p4','EUR',10000,0,0,10000,0,NULL,20000,0);
INSERT INTO "allocations" VALUES(1,5,4,'p5','EUR',7000,0,0,7000,0,NULL,7000,0);
INSERT INTO "allocations" VALUES(1,7,3,'p6.2','EUR',2000,0,0,2000,0,NULL,10000,0);
INSERT INTO "allocations" VALUES(1,7,5,'p6.2','EUR',-1000,0,0,-1000,0,NULL,-1000,0);
INSERT INTO "allocations" VALUES(1,9,2,'p2','EUR',5000,0,0,5000,0,NULL,5000,0);
INSERT INTO "allocations" VALUES(1,10,4,'p5','EUR',-7000,0,0,-7000,0,NULL,0,0);
CREATE TABLE audit (
	company_id INTEGER NOT NULL, 
	sequence BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	actor_kind TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	run_id TEXT DEFAULT '' NOT NULL, 
	event TEXT NOT NULL, 
	subject TEXT DEFAULT '' NOT NULL, 
	content TEXT, 
	salt TEXT, 
	content_hash TEXT NOT NULL, 
	previous_hash TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (company_id, sequence), 
	CONSTRAINT fk_audit_company_id FOREIGN KEY(company_id) REFERENCES companies (company_id)
);
INSERT INTO "audit" VALUES(1,1,'2026-11-21 00:00:00.000000','connector','flatfile','','open_items','','{"added":5,"changed":0,"gone":0,"read":5}','7efc62c71e1e4af0','99b9c2889527290cb8c78445e989801062cea254b1b690aa1841909006814471','','4761805d8adcaf5a3de6b612346fe6226b1c5bba81bc1765be080e13e8163726');
INSERT INTO "audit" VALUES(1,2,'2026-11-21 00:00:00.000000','rule','by_document_number','run-1','customers','','{"added":2,"changed":0,"gone":0,"read":2}','ac2c96941e7523fc','cdb0fbbf08a98c7c1323575d5542da373ae0cf580f942cb0fa84d107b1519e72','4761805d8adcaf5a3de6b612346fe6226b1c5bba81bc1765be080e13e8163726','aa2f9cf77ff15e4b5065eda3c1e0786510cc7a3da542724500762b24c7897a19');
INSERT INTO "audit" VALUES(1,3,'2026-11-21 00:00:00.000000','rule','by_document_number','run-1','statement_file','c11fad273b318e61be70773513b70b778a70f516cc9fbe9b590b14daa1d909cf','{"entries":6,"file_id":1,"marks":"219638b70f53e811e8a1ee47ac8cb203c7317848e258651bea6ea561e50f44d3","movement":{"EUR":41600},"name":"a.sta","payments":7,"quarantined":1}','274e7697933f80aa','26d0c605387b4b840225b68461395ea41bf006cb28e17ccd002e6307d8b9acdb','aa2f9cf77ff15e4b5065eda3c1e0786510cc7a3da542724500762b24c7897a19','3836a45037dff52a9be4046006afcf2f665116417ccebe47278cdbb72c70d82f');
INSERT INTO "audit" VALUES(1,4,'2026-11-21 00:00:00.000000','rule','by_document_number','run-1','decisions','','{"count":7,"digest":"07b1302fd9cfc7c87f5689fadf3338ff26554b77f9d078c7432e3cbb4b809e98","first":1,"last":7}','3bf2e40fcf7f04f4','c852a3fbf6549747951c3db07468e07b60865f37e2576fd5c4ac3dd85da845d1','3836a45037dff52a9be4046006afcf2f665116417ccebe47278cdbb72c70d82f','f55937da62224d73433305ea136069f609b466ca04e92e9f7b6485461dd92e26');
INSERT INTO "audit" VALUES(1,5,'2026-11-21 00:01:00.000000','rule','by_document_number','run-1','postings','','{"approved":true,"count":5,"digest":"a2fe3fcd70b19ef4f7b20c4640a6a30b7b36bbaa4e188c7967b2601feb2ea238"}','89dad3624573ac78','e151fad4f114dcf6ffdf82333f3d398466997731c5c4dc6dab9c6914dd77f8b9','f55937da62224d73433305ea136069f609b466ca04e92e9f7b6485461dd92e26','d4507dd34592cbc19a4f12d011f5b361b715493568c6598a3f7e3f521088914f');
INSERT INTO "audit" VALUES(1,6,'2026-11-21 02:00:00.000000','connector','flatfile','push-1','postings_claimed','','{"count":5,"keys":["post FECE82F56A471B58","post 5821F33FFC6C8463","post 59C06BA099C5B513","post A40CA8D20EF30B07","post 7B0640935C2520A0"],"worker":"w1"}','6ae40de2fb4415c2','ff74b28460ab78d4a876843f8a7d321b214f8f4ae74c4f2bdc922eb85a1b3a4b','d4507dd34592cbc19a4f12d011f5b361b715493568c6598a3f7e3f521088914f','a28fbb61a129a4249918449bc960dcab9397e9e027f1580ed032ceb5d3a4ab7d');
INSERT INTO "audit" VALUES(1,7,'2026-11-21 02:00:00.000000','connector','flatfile','push-1','posting','FECE82F56A471B58','{"action":"post","message":"","native_ids":["RE-1-0"],"state":"confirmed"}','a1a404381906c27f','3ba60d8e9fa22ca1e5df9b6448b4c5be4ad726c18f26e600d796b652b59d35d6','a28fbb61a129a4249918449bc960dcab9397e9e027f1580ed032ceb5d3a4ab7d','58d3123c3fef6aaa0a369d6035e7abec586bcaced856e77ef53ee691d621cffa');
INSERT INTO "audit" VALUES(1,8,'2026-11-21 02:00:00.000000','connector','flatfile','push-1','posting','5821F33FFC6C8463','{"action":"post","message":"","native_ids":["RE-2-1"],"state":"confirmed"}','749ba5b0923be595','3f9b8db81cb51ce4756ce93d116496fdc908c88db1d24a1072640a6343309dce','58d3123c3fef6aaa0a369d6035e7abec586bcaced856e77ef53ee691d621cffa','f37ca52591e02aaae4f60bd6687f9c67b05b083b23e7da73aa8ff38ff0419bc8');
INSERT INTO "audit" VALUES(1,9,'2026-11-21 02:00:00.000000','connector','flatfile','push-1','posting','59C06BA099C5B513','{"action":"post","message":"","native_ids":["RE-3-2"],"state":"confirmed"}','01ddd2b8c2b05868','3426a174fd505d8a9815d6f848c69d4d7d48760e190865bdc5c8f2af2aa0f387','f37ca52591e02aaae4f60bd6687f9c67b05b083b23e7da73aa8ff38ff0419bc8','ee95f79e376790b25cabb1134261bfff6dacf049363a6a282d4abe83e54217ea');
INSERT INTO "audit" VALUES(1,10,'2026-11-21 02:00:00.000000','connector','flatfile','push-1','posting','A40CA8D20EF30B07','{"action":"post","message":"","native_ids":["RE-4-3"],"state":"confirmed"}','8c8667f5ba8f4798','ccad2667aff80d267199d1f92633e1960720b3f9af253aa6ede1d0f005e74ee4','ee95f79e376790b25cabb1134261bfff6dacf049363a6a282d4abe83e54217ea','d82baa45e85ce6c8772cb8ea8eae63e0fa9810f3853e0176dbee7c1bdacefc32');
INSERT INTO "audit" VALUES(1,11,'2026-11-21 02:00:00.000000','connector','flatfile','push-1','posting','7B0640935C2520A0','{"action":"post","message":"","native_ids":["RE-5-4"],"state":"confirmed"}','a4516fa60aa4accf','d6af515712002374605366cd7bc1f998e9b6d65545cd76775b51085cf9aa16e9','d82baa45e85ce6c8772cb8ea8eae63e0fa9810f3853e0176dbee7c1bdacefc32','321eabf22dc2afff2cbb24b9edcd6644cf583fdbd41717d314601e580d827652');
INSERT INTO "audit" VALUES(1,12,'2026-11-21 01:00:00.000000','person','anna','','proposal','EX-1JYE','{"clearing_id":1,"reason":"telephone","resolution":"allocate","state":"awaiting_approval"}','22d7ce1501d77a8b','a691d62bffdc5766f6967abe720aa7a5dc3ce1d1feea91604abd903eeae78611','321eabf22dc2afff2cbb24b9edcd6644cf583fdbd41717d314601e580d827652','fbeb54adc39cc047d92925db8b559bb07799a646ebe436474cdfacfedb956e28');
INSERT INTO "audit" VALUES(1,13,'2026-11-21 01:10:00.000000','person','bert','','verdict','EX-1JYE','{"approves":true,"clearing_id":1,"reason":""}','e81057fa381ff239','4e7f25c7431155dbbccdc03801508dda91c6a617eca2f9aa129366896a2ec7c1','fbeb54adc39cc047d92925db8b559bb07799a646ebe436474cdfacfedb956e28','0981d3dd5fb5c4bed93abf9b897c11d2f55525929078d36044b9312399f29c14');
INSERT INTO "audit" VALUES(1,14,'2026-11-21 01:10:00.000000','person','anna','','decision','p2','{"count":2,"digest":"f46c6337f6a731da5ec7df9428e8b2f39e37122a14fd036a1418dd6eaeffbbbb","first":8,"last":9}','1eae99ac8971d264','d4b4384372aa63319990a7ee85f59f359aaf8075df4bc85ec04bfee0e904500d','0981d3dd5fb5c4bed93abf9b897c11d2f55525929078d36044b9312399f29c14','56de257ee2e9314e132dcb70057d1df0b74881211ab3a33ac3845570cda54b09');
INSERT INTO "audit" VALUES(1,15,'2026-11-21 01:11:00.000000','person','anna','','learned','p2','{"customer_id":"C1","fact_id":1,"kind":"payer_account","new":true}','544f3b35998d9c82','77bcd6af2d99c83f7c1463fcf460d46464470050e71b35fbba052131533f4b84','56de257ee2e9314e132dcb70057d1df0b74881211ab3a33ac3845570cda54b09','7f403d7f05fce9ef6a4aaa453b18f526fd9f50e7d04fad7c1f9c6bfdd1afd911');
INSERT INTO "audit" VALUES(1,16,'2026-11-21 00:01:00.000000','rule','by_document_number','run-1','postings','','{"approved":true,"count":1,"digest":"e4930d2ad27d29b01c230a7b417a4cf9ea9d97801926b176f8a3e6551c229c9a"}','3575c8a23ffff589','b9e544307a70dad3690ef0ddfabbd09c6ac7b5bdaa5468d14227a2e66591a2fc','7f403d7f05fce9ef6a4aaa453b18f526fd9f50e7d04fad7c1f9c6bfdd1afd911','0c5d706fe0a7bd5da4d97c67232ace14d3ed6c9185e9b52a3a4e9f5088ddb96f');
INSERT INTO "audit" VALUES(1,17,'2026-11-21 05:00:00.000000','person','anna','','posting','59C06BA099C5B513','{"action":"reverse","state":"approved"}','3b3590fe368612ba','5ed438941be7ae86695a95df9d8c40658625674a5ecf3d3147226b47e285a5da','0c5d706fe0a7bd5da4d97c67232ace14d3ed6c9185e9b52a3a4e9f5088ddb96f','a7688c332b940b4cc864171034a2368844dfb91b2de762af336c2f480247353c');
INSERT INTO "audit" VALUES(1,18,'2026-11-21 05:00:00.000000','person','anna','','decision','p5','{"count":2,"digest":"9a0f29f3d51198a3e1db165543a17ad034ec5268de0760290947f17bf68da946","first":10,"last":11}','13fa47dab00c2b0b','a02cebc88e5edeac3ab56df63511352d1085827263ea9836871aef4e0ea589d5','a7688c332b940b4cc864171034a2368844dfb91b2de762af336c2f480247353c','abbfccb213b17f48869d323f0232998a8f743da96644e40f25188dbdcd507810');
CREATE TABLE cases (
	company_id INTEGER NOT NULL, 
	case_id TEXT NOT NULL, 
	payment_id TEXT NOT NULL, 
	state TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	unallocated BIGINT DEFAULT 0 NOT NULL, 
	customer_id TEXT DEFAULT '' NOT NULL, 
	texts TEXT, 
	opened_at DATETIME NOT NULL, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_cases PRIMARY KEY (company_id, case_id), 
	CONSTRAINT ck_cases_state_known CHECK (state IN ('open', 'proposed', 'awaiting_approval', 'cleared', 'sent', 'confirmed', 'rejected', 'reopened')), 
	CONSTRAINT fk_cases_company_id_payment_id FOREIGN KEY(company_id, payment_id) REFERENCES payments (company_id, payment_id), 
	CONSTRAINT uq_cases_company_id_payment_id UNIQUE (company_id, payment_id)
);
INSERT INTO "cases" VALUES(1,'EX-1JYE','p2','cleared','no_match',5000,'','{"kind":"no_match","unallocated":5000,"why":"Nothing fits.","suggestions":[{"allocations":[{"item_id":"1","cash":5000,"discount":0,"write_off":0,"residual":0}],"confidence":0.5,"why":"Maybe.","on_account":0}]}','2026-11-21 00:00:00.000000','2026-11-21 01:10:00.000000');
INSERT INTO "cases" VALUES(1,'EX-SG0X','p4','open','short_payment',5000,'','{"kind":"short_payment","unallocated":5000,"why":"Nothing fits.","suggestions":[{"allocations":[{"item_id":"1","cash":5000,"discount":0,"write_off":0,"residual":0}],"confidence":0.5,"why":"Maybe.","on_account":0}]}','2026-11-21 00:00:00.000000','2026-11-21 00:00:00.000000');
INSERT INTO "cases" VALUES(1,'EX-H4NC','p5','open','returned_payment',7000,'','{"kind":"returned_payment","unallocated":7000,"why":"Nothing fits.","suggestions":[{"allocations":[{"item_id":"1","cash":7000,"discount":0,"write_off":0,"residual":0}],"confidence":0.5,"why":"Maybe.","on_account":0}]}','2026-11-21 05:00:00.000000','2026-11-21 05:00:00.000000');
CREATE TABLE clearings (
	clearing_id INTEGER NOT NULL, 
	company_id INTEGER NOT NULL, 
	case_id TEXT NOT NULL, 
	payment_id TEXT NOT NULL, 
	resolution TEXT NOT NULL, 
	texts TEXT, 
	person TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	run_id TEXT DEFAULT '' NOT NULL, 
	reason TEXT DEFAULT '' NOT NULL, 
	state TEXT NOT NULL, 
	CONSTRAINT pk_clearings PRIMARY KEY (clearing_id), 
	CONSTRAINT ck_clearings_state_known CHECK (state IN ('proposed', 'awaiting_approval', 'done', 'declined', 'withdrawn')), 
	CONSTRAINT fk_clearings_company_id_case_id FOREIGN KEY(company_id, case_id) REFERENCES cases (company_id, case_id)
);
INSERT INTO "clearings" VALUES(1,1,'EX-1JYE','p2','allocate','{"payment_id":"p2","allocations":[{"item_id":"2","cash":5000,"discount":0,"write_off":0,"residual":0}],"on_account":0,"confidence":0.999,"rule":"by_document_number","rule_version":"1","explanation":"The remittance quotes the number.","evidence":[{"kind":"number","seen":"R-1","against":"R-1"}]}','anna','2026-11-21 01:00:00.000000','','telephone','done');
CREATE TABLE companies (
	company_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	last_item_no BIGINT DEFAULT 0 NOT NULL, 
	last_decision_id BIGINT DEFAULT 0 NOT NULL, 
	audit_sequence BIGINT DEFAULT 0 NOT NULL, 
	audit_hash TEXT DEFAULT '' NOT NULL, 
	pusher TEXT DEFAULT '' NOT NULL, 
	pusher_until DATETIME, 
	CONSTRAINT pk_companies PRIMARY KEY (company_id), 
	CONSTRAINT uq_companies_name UNIQUE (name)
);
INSERT INTO "companies" VALUES(1,'acme',5,11,18,'abbfccb213b17f48869d323f0232998a8f743da96644e40f25188dbdcd507810','',NULL);
CREATE TABLE customers (
	company_id INTEGER NOT NULL, 
	customer_id TEXT NOT NULL, 
	name TEXT DEFAULT '' NOT NULL, 
	ibans TEXT DEFAULT '' NOT NULL, 
	country TEXT DEFAULT '' NOT NULL, 
	parent_id TEXT DEFAULT '' NOT NULL, 
	aliases TEXT DEFAULT '' NOT NULL, 
	payer_ids TEXT DEFAULT '' NOT NULL, 
	gone BOOLEAN DEFAULT false NOT NULL, 
	erased_at DATETIME, 
	CONSTRAINT pk_customers PRIMARY KEY (company_id, customer_id), 
	CONSTRAINT fk_customers_company_id FOREIGN KEY(company_id) REFERENCES companies (company_id)
);
INSERT INTO "customers" VALUES(1,'C1','Muster GmbH','["DE02120300000000202051"]','','','["Muster"]','',0,NULL);
INSERT INTO "customers" VALUES(1,'C2','Beispiel AG','','','','','',0,NULL);
CREATE TABLE decisions (
	company_id INTEGER NOT NULL, 
	decision_id BIGINT NOT NULL, 
	payment_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	revision INTEGER DEFAULT 0 NOT NULL, 
	live BOOLEAN NOT NULL, 
	reverses_id BIGINT, 
	amount BIGINT DEFAULT 0 NOT NULL, 
	allocated BIGINT DEFAULT 0 NOT NULL, 
	on_account BIGINT DEFAULT 0 NOT NULL, 
	in_exception BIGINT DEFAULT 0 NOT NULL, 
	ignored BIGINT DEFAULT 0 NOT NULL, 
	on_account_customer_id TEXT DEFAULT '' NOT NULL, 
	reason_code TEXT DEFAULT '' NOT NULL, 
	confidence FLOAT DEFAULT 0 NOT NULL, 
	rule TEXT DEFAULT '' NOT NULL, 
	rule_version TEXT DEFAULT '' NOT NULL, 
	at DATETIME NOT NULL, 
	actor_kind TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	run_id TEXT DEFAULT '' NOT NULL, 
	reason TEXT DEFAULT '' NOT NULL, 
	clearing_id BIGINT, 
	texts TEXT, 
	salt TEXT, 
	texts_hash TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (company_id, decision_id), 
	CONSTRAINT ck_decisions_one_kind CHECK ((kind = 'ignored' AND allocated = 0 AND on_account = 0 AND in_exception = 0) OR (kind = 'allocated' AND in_exception = 0 AND ignored = 0) OR (kind = 'exception' AND ignored = 0) OR (kind = 'reversal' AND reverses_id IS NOT NULL AND NOT live)), 
	CONSTRAINT ck_decisions_somebody_decided CHECK (actor <> ''), 
	CONSTRAINT ck_decisions_only_reversals_reverse CHECK (kind = 'reversal' OR reverses_id IS NULL), 
	CONSTRAINT ck_decisions_kind_known CHECK (kind IN ('allocated', 'exception', 'ignored', 'reversal')), 
	CONSTRAINT ck_decisions_every_cent_somewhere CHECK (allocated + on_account + in_exception + ignored = amount), 
	CONSTRAINT ck_decisions_whole_amounts CHECK (amount = CAST(amount AS BIGINT) AND allocated = CAST(allocated AS BIGINT) AND on_account = CAST(on_account AS BIGINT) AND in_exception = CAST(in_exception AS BIGINT) AND ignored = CAST(ignored AS BIGINT)), 
	CONSTRAINT fk_decisions_company_id_payment_id FOREIGN KEY(company_id, payment_id) REFERENCES payments (company_id, payment_id), 
	CONSTRAINT fk_decisions_reverses FOREIGN KEY(company_id, reverses_id) REFERENCES decisions (company_id, decision_id), 
	CONSTRAINT uq_decisions_company_id_reverses_id UNIQUE (company_id, reverses_id)
);
INSERT INTO "decisions" VALUES(1,1,'p1','allocated',1,1,NULL,11900,11900,0,0,0,'','',0.999,'by_document_number','1','2026-11-21 00:00:00.000000','rule','by_document_number','run-1','',NULL,'{"on_account":0,"confidence":0.0,"explanation":"The remittance quotes the number.","evidence":[{"kind":"number","seen":"R-1","against":"R-1"}]}','fd214a1faca8441c','350b9ff4d329325cf1401d8d36de8fd7fe5caf6947746e1216f34861f02bf647','d60b179cb32d2d856dd0febf82db7436a452ea96fcd0f9a8c5e9143356e49cbc');
INSERT INTO "decisions" VALUES(1,2,'p2','exception',0,0,NULL,5000,0,0,5000,0,'','no_match',0.0,'nothing_fits','1','2026-11-21 00:00:00.000000','rule','by_document_number','run-1','',NULL,'{"on_account":0,"exception":{"kind":"no_match","unallocated":5000,"why":"Nothing fits.","suggestions":[{"allocations":[{"item_id":"1","cash":5000,"discount":0,"write_off":0,"residual":0}],"confidence":0.5,"why":"Maybe.","on_account":0}]},"confidence":0.0}','a95624ce56ab292e','948c61de5e7989f30ceddb1a42e51e906ca1a1d1b017e0c34c7cae0212b72c44','6ca9828dffa5c62e868780a990cf34e2cb51d60221987a6d6b849bc5e89f7031');
INSERT INTO "decisions" VALUES(1,3,'p3','ignored',0,1,NULL,-300,0,0,0,-300,'','bank_fee',0.0,'bank_fee','1','2026-11-21 00:00:00.000000','rule','by_document_number','run-1','',NULL,'{"on_account":0,"confidence":0.0,"explanation":"A fee."}','7b20403b1ce09fd8','50bb2a4d85b1129738b5a7398fad90109b24157e3d38b05de8f304b4eeebeaa2','6f0c803bd69d1ec6089a25305a963b3a4919b6834a7fb99caec2e3a529b7fb45');
INSERT INTO "decisions" VALUES(1,4,'p4','exception',1,1,NULL,15000,10000,0,5000,0,'','short_payment',0.0,'nothing_fits','1','2026-11-21 00:00:00.000000','rule','by_document_number','run-1','',NULL,'{"on_account":0,"exception":{"kind":"short_payment","unallocated":5000,"why":"Nothing fits.","suggestions":[{"allocations":[{"item_id":"1","cash":5000,"discount":0,"write_off":0,"residual":0}],"confidence":0.5,"why":"Maybe.","on_account":0}]},"confidence":0.0}','ab8c6d3c563bdb1e','d03074d307f783ff7d9e6b9ee9ed72066cbe85b976b776b8bdbc8df469af3d5b','d0095842acaf5ce38d341126d979767397d0f7aad1c3e975a475d718923a630b');
INSERT INTO "decisions" VALUES(1,5,'p5','allocated',1,0,NULL,7000,7000,0,0,0,'','',0.999,'by_document_number','1','2026-11-21 00:00:00.000000','rule','by_document_number','run-1','',NULL,'{"on_account":0,"confidence":0.0,"explanation":"The remittance quotes the number.","evidence":[{"kind":"number","seen":"R-1","against":"R-1"}]}','003694e2e0a7dee7','aefdb5d32f59e72c2ca05925c5eb4d630efcd8eef6d1b69d2a042eadbb5a1076','c4441899eba2a0dc7b161cede3a5d429edd7d9243a3fecec0dfe91dac62de783');
INSERT INTO "decisions" VALUES(1,6,'p6.1','allocated',1,1,NULL,2000,0,2000,0,0,'C1','',0.999,'by_document_number','1','2026-11-21 00:00:00.000000','rule','by_document_number','run-1','',NULL,'{"on_account":0,"confidence":0.0,"explanation":"The remittance quotes the number.","evidence":[{"kind":"number","seen":"R-1","against":"R-1"}]}','03675554270b30c7','580fbaf81da1a3ff6102d8e6cd90e24e75b446a691c03f84b3b56daa3f2907dd','27d4f7f46cd2ab9739911d4bb649bdc75b811c392e4c69cedf74858c6f634dc9');
INSERT INTO "decisions" VALUES(1,7,'p6.2','allocated',1,1,NULL,1000,1000,0,0,0,'','',0.999,'by_document_number','1','2026-11-21 00:00:00.000000','rule','by_document_number','run-1','',NULL,'{"on_account":0,"confidence":0.0,"explanation":"The remittance quotes the number.","evidence":[{"kind":"number","seen":"R-1","against":"R-1"}]}','471a40062811bc64','2e259a37ed4383b59fd4bf716e2aad7110f9873dc584fddd378deaad226fe1d7','cfc2c334698c65293bc6601c80ba8ab4239b87338c49406ec8def3748d255041');
INSERT INTO "decisions" VALUES(1,8,'p2','reversal',0,0,2,-5000,0,0,-5000,0,'','no_match',0.0,'','','2026-11-21 01:10:00.000000','person','anna','','',NULL,'','752a834f260513c7','4b8ff784ee6d21d49ae6747416556ec07545289f88f4732e8fea7a25123a149c','54628381b8b5c8e5b2fed41f113684868487c7ae7974923536048b5b6bd3092b');
INSERT INTO "decisions" VALUES(1,9,'p2','allocated',1,1,NULL,5000,5000,0,0,0,'','',0.999,'by_document_number','1','2026-11-21 01:10:00.000000','person','anna','','',1,'{"on_account":0,"confidence":0.0,"explanation":"The remittance quotes the number.","evidence":[{"kind":"number","seen":"R-1","against":"R-1"}]}','3c298bd440daefc6','a3e2987791bd6816737b9e9c4fa5d69b820d5418adf290f0ba9097416a91f2cb','7ea5205487ee9d44cb41e90a4c7e5311811610046982e3fbf4e7003fa747527f');
INSERT INTO "decisions" VALUES(1,10,'p5','reversal',0,0,5,-7000,-7000,0,0,0,'','',0.0,'','','2026-11-21 05:00:00.000000','person','anna','','returned by the bank',NULL,'','19796f9172816212','a507a123c6c08215a37129c01a181fc18a4298d407ab4c618f8a7c2c326ed434','9a0b7dc3107410f30ccf4f29c52d41659e24d311f9e51d9766b44f71d61bbe0d');
INSERT INTO "decisions" VALUES(1,11,'p5','exception',0,1,NULL,7000,0,0,7000,0,'','returned_payment',0.0,'nothing_fits','1','2026-11-21 05:00:00.000000','person','anna','','returned by the bank',NULL,'{"on_account":0,"exception":{"kind":"returned_payment","unallocated":7000,"why":"Nothing fits.","suggestions":[{"allocations":[{"item_id":"1","cash":7000,"discount":0,"write_off":0,"residual":0}],"confidence":0.5,"why":"Maybe.","on_account":0}]},"confidence":0.0}','e9c94896287ee728','99b05cedfd373845e61f06a542dbc28ebd97ce47e927acc1c41a72eb82598019','0add276dfd0aa1e777f532fb37f82b8e51e212884f093c37030b64a41ec4c14a');
CREATE TABLE deliveries (
	statement_no BIGINT NOT NULL, 
	ordinal INTEGER NOT NULL, 
	company_id INTEGER NOT NULL, 
	entry_key TEXT NOT NULL, 
	booked BIGINT, 
	CONSTRAINT pk_deliveries PRIMARY KEY (statement_no, ordinal), 
	CONSTRAINT fk_deliveries_company_id_entry_key FOREIGN KEY(company_id, entry_key) REFERENCES entries (company_id, entry_key), 
	CONSTRAINT fk_deliveries_statement_no FOREIGN KEY(statement_no) REFERENCES statements (statement_no)
);
INSERT INTO "deliveries" VALUES(1,1,1,'p1',11900);
INSERT INTO "deliveries" VALUES(1,2,1,'p2',5000);
INSERT INTO "deliveries" VALUES(1,3,1,'p3',-300);
INSERT INTO "deliveries" VALUES(1,4,1,'p4',15000);
INSERT INTO "deliveries" VALUES(1,5,1,'p5',7000);
INSERT INTO "deliveries" VALUES(1,6,1,'p6',3000);
CREATE TABLE entries (
	company_id INTEGER NOT NULL, 
	entry_key TEXT NOT NULL, 
	account TEXT DEFAULT '' NOT NULL, 
	currency TEXT DEFAULT '' NOT NULL, 
	amount BIGINT DEFAULT 0 NOT NULL, 
	booked_on DATE, 
	valued_on DATE, 
	status TEXT NOT NULL, 
	content TEXT NOT NULL, 
	erased_at DATETIME, 
	CONSTRAINT pk_entries PRIMARY KEY (company_id, entry_key), 
	CONSTRAINT ck_entries_status_known CHECK (status IN ('booked', 'pending', 'info', 'future')), 
	CONSTRAINT ck_entries_whole_amounts CHECK (amount = CAST(amount AS BIGINT)), 
	CONSTRAINT fk_entries_company_id FOREIGN KEY(company_id) REFERENCES companies (company_id)
);
INSERT INTO "entries" VALUES(1,'p1','DE89370400440532013000','EUR',11900,'2026-11-20','2026-11-20','booked','{"ordinal":1,"booking_date":"2026-11-20","value_date":"2026-11-20","amount":"119.00","currency":"EUR","status":"booked","bank_reference":"REFp1","transaction_code":"NTRF","details":[{"amount":"119.00","currency":"EUR","bank_reference":"REFp1","counterparty_name":"Muster GmbH","counterparty_account":"DE02120300000000202051","remittance":"Invoice for p1","remittance_lines":["Invoice for p1"]}],"where":"line 1"}',NULL);
INSERT INTO "entries" VALUES(1,'p2','DE89370400440532013000','EUR',5000,'2026-11-20','2026-11-20','booked','{"ordinal":2,"booking_date":"2026-11-20","value_date":"2026-11-20","amount":"50.00","currency":"EUR","status":"booked","bank_reference":"REFp2","transaction_code":"NTRF","details":[{"amount":"50.00","currency":"EUR","bank_reference":"REFp2","counterparty_name":"Muster GmbH","counterparty_account":"DE02120300000000202051","remittance":"Invoice for p2","remittance_lines":["Invoice for p2"]}],"where":"line 2"}',NULL);
INSERT INTO "entries" VALUES(1,'p3','DE89370400440532013000','EUR',-300,'2026-11-20','2026-11-20','booked','{"ordinal":3,"booking_date":"2026-11-20","value_date":"2026-11-20","amount":"-3.00","currency":"EUR","status":"booked","bank_reference":"REFp3","transaction_code":"NTRF","details":[{"amount":"-3.00","currency":"EUR","bank_reference":"REFp3","counterparty_name":"Muster GmbH","counterparty_account":"DE02120300000000202051","remittance":"Invoice for p3","remittance_lines":["Invoice for p3"]}],"where":"line 3"}',NULL);
INSERT INTO "entries" VALUES(1,'p4','DE89370400440532013000','EUR',15000,'2026-11-20','2026-11-20','booked','{"ordinal":4,"booking_date":"2026-11-20","value_date":"2026-11-20","amount":"150.00","currency":"EUR","status":"booked","bank_reference":"REFp4","transaction_code":"NTRF","details":[{"amount":"150.00","currency":"EUR","bank_reference":"REFp4","counterparty_name":"Muster GmbH","counterparty_account":"DE02120300000000202051","remittance":"Invoice for p4","remittance_lines":["Invoice for p4"]}],"where":"line 4"}',NULL);
INSERT INTO "entries" VALUES(1,'p5','DE89370400440532013000','EUR',7000,'2026-11-20','2026-11-20','booked','{"ordinal":5,"booking_date":"2026-11-20","value_date":"2026-11-20","amount":"70.00","currency":"EUR","status":"booked","bank_reference":"REFp5","transaction_code":"NTRF","details":[{"amount":"70.00","currency":"EUR","bank_reference":"REFp5","counterparty_name":"Muster GmbH","counterparty_account":"DE02120300000000202051","remittance":"Invoice for p5","remittance_lines":["Invoice for p5"]}],"where":"line 5"}',NULL);
INSERT INTO "entries" VALUES(1,'p6','DE89370400440532013000','EUR',3000,'2026-11-20','2026-11-20','booked','{"ordinal":6,"booking_date":"2026-11-20","value_date":"2026-11-20","amount":"30.00","currency":"EUR","status":"booked","bank_reference":"REFp6.1","transaction_code":"NTRF","details":[{"amount":"20.00","currency":"EUR","bank_reference":"REFp6.1","counterparty_name":"Muster GmbH","counterparty_account":"DE02120300000000202051","remittance":"Invoice for p6.1","remittance_lines":["Invoice for p6.1"]},{"amount":"10.00","currency":"EUR","bank_reference":"REFp6.2","counterparty_name":"Muster GmbH","counterparty_account":"DE02120300000000202051","remittance":"Invoice for p6.2","remittance_lines":["Invoice for p6.2"]}],"where":"line 6"}',NULL);
CREATE TABLE facts (
	fact_id INTEGER NOT NULL, 
	company_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	customer_id TEXT DEFAULT '' NOT NULL, 
	confirmations INTEGER NOT NULL, 
	learned_on DATE NOT NULL, 
	source TEXT DEFAULT '' NOT NULL, 
	at DATETIME NOT NULL, 
	actor_kind TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	run_id TEXT DEFAULT '' NOT NULL, 
	revoked_at DATETIME, 
	revoked_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_facts PRIMARY KEY (fact_id), 
	CONSTRAINT ck_facts_kind_known CHECK (kind IN ('payer_account', 'payer_name', 'reference_habit', 'tolerance_habit', 'not_ours')), 
	CONSTRAINT fk_facts_company_id FOREIGN KEY(company_id) REFERENCES companies (company_id)
);
INSERT INTO "facts" VALUES(1,1,'payer_account','DE02120300000000202051','C1',1,'2026-11-20','p2','2026-11-21 01:11:00.000000','person','anna','',NULL,'');
CREATE TABLE files (
	file_id INTEGER NOT NULL, 
	company_id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	name TEXT DEFAULT '' NOT NULL, 
	size BIGINT DEFAULT 0 NOT NULL, 
	content BLOB, 
	erased_at DATETIME, 
	at DATETIME NOT NULL, 
	actor_kind TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	run_id TEXT DEFAULT '' NOT NULL, 
	format TEXT DEFAULT '' NOT NULL, 
	version TEXT, 
	encoding TEXT, 
	dialect TEXT, 
	entries_in_file BIGINT DEFAULT 0 NOT NULL, 
	entries_read BIGINT DEFAULT 0 NOT NULL, 
	entries_new BIGINT DEFAULT 0 NOT NULL, 
	payments_new BIGINT DEFAULT 0 NOT NULL, 
	quarantined BIGINT DEFAULT 0 NOT NULL, 
	findings BIGINT DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_files PRIMARY KEY (file_id), 
	CONSTRAINT ck_files_nothing_dropped CHECK (entries_in_file = entries_read + quarantined), 
	CONSTRAINT fk_files_company_id FOREIGN KEY(company_id) REFERENCES companies (company_id), 
	CONSTRAINT uq_files_company_id_sha256 UNIQUE (company_id, sha256)
);
INSERT INTO "files" VALUES(1,1,'c11fad273b318e61be70773513b70b778a70f516cc9fbe9b590b14daa1d909cf','a.sta',15,X'789C2B2E492C49CD4DCD2B5148D42B2E490400304205CD',NULL,'2026-11-21 00:00:00.000000','rule','by_document_number','run-1','mt940',NULL,'utf-8','generic',7,6,6,7,1,1);
CREATE TABLE findings (
	file_id BIGINT NOT NULL, 
	position INTEGER NOT NULL, 
	severity TEXT DEFAULT '' NOT NULL, 
	code TEXT DEFAULT '' NOT NULL, 
	location TEXT DEFAULT '' NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_findings PRIMARY KEY (file_id, position), 
	CONSTRAINT fk_findings_file_id FOREIGN KEY(file_id) REFERENCES files (file_id)
);
INSERT INTO "findings" VALUES(1,1,'info','note','line 1','something to know');
CREATE TABLE house_accounts (
	company_id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	name TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_house_accounts PRIMARY KEY (company_id, account, currency), 
	CONSTRAINT fk_house_accounts_company_id FOREIGN KEY(company_id) REFERENCES companies (company_id)
);
CREATE TABLE item_history (
	history_id INTEGER NOT NULL, 
	company_id INTEGER NOT NULL, 
	item_no BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	actor_kind TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	run_id TEXT DEFAULT '' NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	CONSTRAINT pk_item_history PRIMARY KEY (history_id), 
	CONSTRAINT fk_item_history_company_id_item_no FOREIGN KEY(company_id, item_no) REFERENCES items (company_id, item_no)
);
CREATE TABLE items (
	company_id INTEGER NOT NULL, 
	item_no BIGINT NOT NULL, 
	item_id TEXT NOT NULL, 
	number TEXT DEFAULT '' NOT NULL, 
	kind TEXT NOT NULL, 
	customer_id TEXT DEFAULT '' NOT NULL, 
	currency TEXT NOT NULL, 
	issued_on DATE NOT NULL, 
	due_on DATE NOT NULL, 
	original_amount BIGINT DEFAULT 0 NOT NULL, 
	open_amount BIGINT DEFAULT 0 NOT NULL, 
	payment_reference TEXT DEFAULT '' NOT NULL, 
	discount_until DATE, 
	discount_amount BIGINT DEFAULT 0 NOT NULL, 
	disputed BOOLEAN DEFAULT false NOT NULL, 
	settled_on DATE, 
	other_references TEXT DEFAULT '' NOT NULL, 
	gone BOOLEAN DEFAULT false NOT NULL, 
	direction INTEGER DEFAULT 1 NOT NULL, 
	settled BIGINT DEFAULT 0 NOT NULL, 
	reflected BIGINT DEFAULT 0 NOT NULL, 
	overdrawn BIGINT DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_items PRIMARY KEY (company_id, item_no), 
	CONSTRAINT ck_items_kind_known CHECK (kind IN ('invoice', 'credit_note', 'debit_note', 'on_account')), 
	CONSTRAINT ck_items_never_below_zero CHECK (direction * settled >= 0), 
	CONSTRAINT ck_items_direction_known CHECK (direction IN (-1, 1)), 
	CONSTRAINT ck_items_whole_amounts CHECK (original_amount = CAST(original_amount AS BIGINT) AND open_amount = CAST(open_amount AS BIGINT) AND discount_amount = CAST(discount_amount AS BIGINT) AND settled = CAST(settled AS BIGINT) AND reflected = CAST(reflected AS BIGINT) AND overdrawn = CAST(overdrawn AS BIGINT)), 
	CONSTRAINT ck_items_never_beyond_what_is_open CHECK (overdrawn >= 0 AND direction * (settled - reflected) <= direction * open_amount + overdrawn), 
	CONSTRAINT fk_items_company_id FOREIGN KEY(company_id) REFERENCES companies (company_id), 
	CONSTRAINT uq_items_company_id_item_id UNIQUE (company_id, item_id)
);
INSERT INTO "items" VALUES(1,1,'1','R-1','invoice','C1','EUR','2026-10-01','2026-10-31',11900,11900,'',NULL,0,0,NULL,'PO-7',0,1,11900,0,0);
INSERT INTO "items" VALUES(1,2,'2','R-2','invoice','C1','EUR','2026-10-01','2026-10-31',5000,5000,'',NULL,0,0,NULL,'PO-7',0,1,5000,0,0);
INSERT INTO "items" VALUES(1,3,'3','R-3','invoice','C1','EUR','2026-10-01','2026-10-31',20000,20000,'',NULL,0,0,NULL,'PO-7',0,1,12000,0,0);
INSERT INTO "items" VALUES(1,4,'4','R-4','invoice','C1','EUR','2026-10-01','2026-10-31',7000,7000,'',NULL,0,0,NULL,'PO-7',0,1,0,0,0);
INSERT INTO "items" VALUES(1,5,'9','R-9','credit_note','C1','EUR','2026-10-01','2026-10-31',-1000,-1000,'',NULL,0,0,NULL,'PO-7',0,-1,-1000,0,0);
CREATE TABLE outbox (
	outbox_id INTEGER NOT NULL, 
	company_id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	action TEXT NOT NULL, 
	payment_id TEXT NOT NULL, 
	decision_id BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	currency TEXT NOT NULL, 
	amount BIGINT DEFAULT 0 NOT NULL, 
	posting TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER DEFAULT 0 NOT NULL, 
	must_find BOOLEAN DEFAULT false NOT NULL, 
	step TEXT DEFAULT '' NOT NULL, 
	native_ids TEXT DEFAULT '[]' NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	worker TEXT DEFAULT '' NOT NULL, 
	planned_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_outbox PRIMARY KEY (outbox_id), 
	CONSTRAINT ck_outbox_action_known CHECK (action IN ('post', 'reverse')), 
	CONSTRAINT ck_outbox_state_known CHECK (state IN ('planned', 'approved', 'sending', 'confirmed', 'submitted', 'ambiguous', 'rejected', 'reversed')), 
	CONSTRAINT ck_outbox_whole_amounts CHECK (amount = CAST(amount AS BIGINT)), 
	CONSTRAINT fk_outbox_company_id_decision_id FOREIGN KEY(company_id, decision_id) REFERENCES decisions (company_id, decision_id), 
	CONSTRAINT uq_outbox_company_id_key_action UNIQUE (company_id, "key", action)
);
INSERT INTO "outbox" VALUES(1,1,'FECE82F56A471B58','post','p1',1,1,'EUR',11900,'{"key":"FECE82F56A471B58","revision":1,"company":"acme","payment_id":"p1","account":"DE89370400440532013000","bank_reference":"REFp1","booking_date":"2026-11-20","value_date":"2026-11-20","currency":"EUR","amount":11900,"payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p1","allocations":[{"item_id":"1","number":"R-1","customer_id":"C1","cash":11900,"discount":0,"write_off":0,"expected_open":0}],"on_account":0,"status":"posted","confidence":0.999,"rule":"by_document_number","explanation":"The remittance quotes the number.","unallocated":0}','confirmed',1,0,'','["RE-1-0"]','','w1','2026-11-21 00:01:00.000000','2026-11-21 02:00:00.000000');
INSERT INTO "outbox" VALUES(2,1,'5821F33FFC6C8463','post','p4',4,1,'EUR',15000,'{"key":"5821F33FFC6C8463","revision":1,"company":"acme","payment_id":"p4","account":"DE89370400440532013000","bank_reference":"REFp4","booking_date":"2026-11-20","value_date":"2026-11-20","currency":"EUR","amount":15000,"payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p4","allocations":[{"item_id":"3","number":"R-3","customer_id":"C1","cash":10000,"discount":0,"write_off":0,"expected_open":0}],"on_account":0,"status":"posted","confidence":0.0,"rule":"nothing_fits","unallocated":5000}','confirmed',1,0,'','["RE-2-1"]','','w1','2026-11-21 00:01:00.000000','2026-11-21 02:00:00.000000');
INSERT INTO "outbox" VALUES(3,1,'59C06BA099C5B513','post','p5',5,1,'EUR',7000,'{"key":"59C06BA099C5B513","revision":1,"company":"acme","payment_id":"p5","account":"DE89370400440532013000","bank_reference":"REFp5","booking_date":"2026-11-20","value_date":"2026-11-20","currency":"EUR","amount":7000,"payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p5","allocations":[{"item_id":"4","number":"R-4","customer_id":"C1","cash":7000,"discount":0,"write_off":0,"expected_open":0}],"on_account":0,"status":"posted","confidence":0.999,"rule":"by_document_number","explanation":"The remittance quotes the number.","unallocated":0}','confirmed',1,0,'','["RE-3-2"]','','w1','2026-11-21 00:01:00.000000','2026-11-21 02:00:00.000000');
INSERT INTO "outbox" VALUES(4,1,'A40CA8D20EF30B07','post','p6.1',6,1,'EUR',2000,'{"key":"A40CA8D20EF30B07","revision":1,"company":"acme","payment_id":"p6.1","account":"DE89370400440532013000","bank_reference":"REFp6.1","booking_date":"2026-11-20","value_date":"2026-11-20","currency":"EUR","amount":2000,"payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p6.1","on_account":2000,"on_account_customer_id":"C1","status":"posted","confidence":0.999,"rule":"by_document_number","explanation":"The remittance quotes the number.","unallocated":0}','confirmed',1,0,'','["RE-4-3"]','','w1','2026-11-21 00:01:00.000000','2026-11-21 02:00:00.000000');
INSERT INTO "outbox" VALUES(5,1,'7B0640935C2520A0','post','p6.2',7,1,'EUR',1000,'{"key":"7B0640935C2520A0","revision":1,"company":"acme","payment_id":"p6.2","account":"DE89370400440532013000","bank_reference":"REFp6.2","booking_date":"2026-11-20","value_date":"2026-11-20","currency":"EUR","amount":1000,"payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p6.2","allocations":[{"item_id":"3","number":"R-3","customer_id":"C1","cash":2000,"discount":0,"write_off":0,"expected_open":0},{"item_id":"9","number":"R-9","customer_id":"C1","cash":-1000,"discount":0,"write_off":0,"expected_open":0}],"on_account":0,"status":"posted","confidence":0.999,"rule":"by_document_number","explanation":"The remittance quotes the number.","unallocated":0}','confirmed',1,0,'','["RE-5-4"]','','w1','2026-11-21 00:01:00.000000','2026-11-21 02:00:00.000000');
INSERT INTO "outbox" VALUES(6,1,'0AD4AA0373308933','post','p2',9,1,'EUR',5000,'{"key":"0AD4AA0373308933","revision":1,"company":"acme","payment_id":"p2","account":"DE89370400440532013000","bank_reference":"REFp2","booking_date":"2026-11-20","value_date":"2026-11-20","currency":"EUR","amount":5000,"payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p2","allocations":[{"item_id":"2","number":"R-2","customer_id":"C1","cash":5000,"discount":0,"write_off":0,"expected_open":0}],"on_account":0,"status":"cleared","confidence":0.999,"rule":"by_document_number","explanation":"The remittance quotes the number.","unallocated":0}','approved',0,0,'','[]','','','2026-11-21 00:01:00.000000','2026-11-21 00:01:00.000000');
INSERT INTO "outbox" VALUES(7,1,'59C06BA099C5B513','reverse','p5',10,1,'EUR',7000,'{"key":"59C06BA099C5B513","revision":1,"company":"acme","payment_id":"p5","account":"DE89370400440532013000","bank_reference":"REFp5","booking_date":"2026-11-20","value_date":"2026-11-20","currency":"EUR","amount":7000,"payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p5","allocations":[{"item_id":"4","number":"R-4","customer_id":"C1","cash":7000,"discount":0,"write_off":0,"expected_open":0}],"on_account":0,"status":"posted","confidence":0.999,"rule":"by_document_number","explanation":"The remittance quotes the number.","unallocated":0}','approved',0,1,'','["RE-3-2"]','returned by the bank','','2026-11-21 05:00:00.000000','2026-11-21 05:00:00.000000');
CREATE TABLE payments (
	company_id INTEGER NOT NULL, 
	payment_id TEXT NOT NULL, 
	entry_key TEXT NOT NULL, 
	file_id BIGINT NOT NULL, 
	account TEXT DEFAULT '' NOT NULL, 
	currency TEXT NOT NULL, 
	amount BIGINT DEFAULT 0 NOT NULL, 
	booked_on DATE NOT NULL, 
	bank_reference TEXT DEFAULT '' NOT NULL, 
	content TEXT NOT NULL, 
	erased_at DATETIME, 
	state TEXT DEFAULT 'new' NOT NULL, 
	version BIGINT DEFAULT 0 NOT NULL, 
	allocated BIGINT DEFAULT 0 NOT NULL, 
	on_account BIGINT DEFAULT 0 NOT NULL, 
	in_exception BIGINT DEFAULT 0 NOT NULL, 
	ignored BIGINT DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_payments PRIMARY KEY (company_id, payment_id), 
	CONSTRAINT ck_payments_every_cent_somewhere CHECK ((state = 'new' AND allocated = 0 AND on_account = 0 AND in_exception = 0 AND ignored = 0) OR (state <> 'new' AND allocated + on_account + in_exception + ignored = amount)), 
	CONSTRAINT ck_payments_state_known CHECK (state IN ('new', 'allocated', 'exception', 'ignored')), 
	CONSTRAINT ck_payments_never_beyond_its_amount CHECK ((amount >= 0 AND allocated >= 0 AND on_account >= 0 AND in_exception >= 0 AND ignored >= 0 AND allocated + on_account + in_exception + ignored <= amount) OR (amount <= 0 AND allocated <= 0 AND on_account <= 0 AND in_exception <= 0 AND ignored <= 0 AND allocated + on_account + in_exception + ignored >= amount)), 
	CONSTRAINT ck_payments_whole_amounts CHECK (amount = CAST(amount AS BIGINT) AND allocated = CAST(allocated AS BIGINT) AND on_account = CAST(on_account AS BIGINT) AND in_exception = CAST(in_exception AS BIGINT) AND ignored = CAST(ignored AS BIGINT)), 
	CONSTRAINT fk_payments_company_id_entry_key FOREIGN KEY(company_id, entry_key) REFERENCES entries (company_id, entry_key), 
	CONSTRAINT fk_payments_file_id FOREIGN KEY(file_id) REFERENCES files (file_id)
);
INSERT INTO "payments" VALUES(1,'p1','p1',1,'DE89370400440532013000','EUR',11900,'2026-11-20','REFp1','{"payment_id":"p1","account":"DE89370400440532013000","currency":"EUR","amount":11900,"booked_on":"2026-11-20","valued_on":"2026-11-20","bank_reference":"REFp1","payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p1","remittance_lines":["Invoice for p1"],"charges":0}',NULL,'allocated',1,11900,0,0,0);
INSERT INTO "payments" VALUES(1,'p2','p2',1,'DE89370400440532013000','EUR',5000,'2026-11-20','REFp2','{"payment_id":"p2","account":"DE89370400440532013000","currency":"EUR","amount":5000,"booked_on":"2026-11-20","valued_on":"2026-11-20","bank_reference":"REFp2","payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p2","remittance_lines":["Invoice for p2"],"charges":0}',NULL,'allocated',5,5000,0,0,0);
INSERT INTO "payments" VALUES(1,'p3','p3',1,'DE89370400440532013000','EUR',-300,'2026-11-20','REFp3','{"payment_id":"p3","account":"DE89370400440532013000","currency":"EUR","amount":-300,"booked_on":"2026-11-20","valued_on":"2026-11-20","bank_reference":"REFp3","payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p3","remittance_lines":["Invoice for p3"],"charges":0}',NULL,'ignored',1,0,0,0,-300);
INSERT INTO "payments" VALUES(1,'p4','p4',1,'DE89370400440532013000','EUR',15000,'2026-11-20','REFp4','{"payment_id":"p4","account":"DE89370400440532013000","currency":"EUR","amount":15000,"booked_on":"2026-11-20","valued_on":"2026-11-20","bank_reference":"REFp4","payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p4","remittance_lines":["Invoice for p4"],"charges":0}',NULL,'exception',1,10000,0,5000,0);
INSERT INTO "payments" VALUES(1,'p5','p5',1,'DE89370400440532013000','EUR',7000,'2026-11-20','REFp5','{"payment_id":"p5","account":"DE89370400440532013000","currency":"EUR","amount":7000,"booked_on":"2026-11-20","valued_on":"2026-11-20","bank_reference":"REFp5","payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p5","remittance_lines":["Invoice for p5"],"charges":0}',NULL,'exception',3,0,0,7000,0);
INSERT INTO "payments" VALUES(1,'p6.1','p6',1,'DE89370400440532013000','EUR',2000,'2026-11-20','REFp6.1','{"payment_id":"p6.1","account":"DE89370400440532013000","currency":"EUR","amount":2000,"booked_on":"2026-11-20","valued_on":"2026-11-20","bank_reference":"REFp6.1","payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p6.1","remittance_lines":["Invoice for p6.1"],"charges":0}',NULL,'allocated',1,0,2000,0,0);
INSERT INTO "payments" VALUES(1,'p6.2','p6',1,'DE89370400440532013000','EUR',1000,'2026-11-20','REFp6.2','{"payment_id":"p6.2","account":"DE89370400440532013000","currency":"EUR","amount":1000,"booked_on":"2026-11-20","valued_on":"2026-11-20","bank_reference":"REFp6.2","payer_name":"Muster GmbH","payer_account":"DE02120300000000202051","remittance":"Invoice for p6.2","remittance_lines":["Invoice for p6.2"],"charges":0}',NULL,'allocated',1,1000,0,0,0);
CREATE TABLE quarantined (
	file_id BIGINT NOT NULL, 
	position INTEGER NOT NULL, 
	location TEXT DEFAULT '' NOT NULL, 
	raw TEXT DEFAULT '' NOT NULL, 
	code TEXT DEFAULT '' NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_quarantined PRIMARY KEY (file_id, position), 
	CONSTRAINT fk_quarantined_file_id FOREIGN KEY(file_id) REFERENCES files (file_id)
);
INSERT INTO "quarantined" VALUES(1,1,'line 900',':61:???','bad_line','no amount');
CREATE TABLE statements (
	statement_no INTEGER NOT NULL, 
	company_id INTEGER NOT NULL, 
	file_id BIGINT NOT NULL, 
	position INTEGER NOT NULL, 
	account TEXT DEFAULT '' NOT NULL, 
	account_owner TEXT, 
	currency TEXT, 
	kind TEXT DEFAULT '' NOT NULL, 
	statement_id TEXT, 
	sequence TEXT, 
	page INTEGER, 
	last_page BOOLEAN, 
	from_date DATE, 
	to_date DATE, 
	opening TEXT, 
	closing TEXT, 
	integrity TEXT DEFAULT '' NOT NULL, 
	entry_count BIGINT DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_statements PRIMARY KEY (statement_no), 
	CONSTRAINT fk_statements_file_id FOREIGN KEY(file_id) REFERENCES files (file_id), 
	CONSTRAINT uq_statements_file_id_position UNIQUE (file_id, position)
);
INSERT INTO "statements" VALUES(1,1,1,1,'DE89370400440532013000',NULL,'EUR','final','S1','5',1,1,'2026-11-20','2026-11-20','100.00','516.00','balanced',6);
CREATE TABLE verdicts (
	clearing_id BIGINT NOT NULL, 
	person TEXT NOT NULL, 
	proposer TEXT NOT NULL, 
	approves BOOLEAN NOT NULL, 
	at DATETIME NOT NULL, 
	reason TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_verdicts PRIMARY KEY (clearing_id, person), 
	CONSTRAINT ck_verdicts_four_eyes CHECK (NOT approves OR lower(person) <> lower(proposer)), 
	CONSTRAINT fk_verdicts_clearing_id FOREIGN KEY(clearing_id) REFERENCES clearings (clearing_id)
);
INSERT INTO "verdicts" VALUES(1,'bert','anna',1,'2026-11-21 01:10:00.000000','');
CREATE INDEX ix_audit_subject ON audit (company_id, subject);
CREATE UNIQUE INDEX uq_facts_in_force ON facts (company_id, kind, subject, customer_id) WHERE revoked_at IS NULL;
CREATE INDEX ix_item_history_item ON item_history (company_id, item_no);
CREATE INDEX ix_payments_day ON payments (company_id, account, booked_on);
CREATE INDEX ix_payments_state ON payments (company_id, state);
CREATE INDEX ix_statements_account ON statements (company_id, account, to_date);
CREATE INDEX ix_cases_state ON cases (company_id, state);
CREATE INDEX ix_decisions_payment ON decisions (company_id, payment_id);
CREATE UNIQUE INDEX uq_decisions_one_live ON decisions (company_id, payment_id) WHERE live;
CREATE INDEX ix_deliveries_entry ON deliveries (company_id, entry_key);
CREATE INDEX ix_allocations_item ON allocations (company_id, item_no);
CREATE INDEX ix_clearings_case ON clearings (company_id, case_id);
CREATE INDEX ix_clearings_payment ON clearings (company_id, payment_id);
CREATE INDEX ix_outbox_payment ON outbox (company_id, payment_id);
CREATE INDEX ix_outbox_state ON outbox (company_id, state);
CREATE UNIQUE INDEX uq_outbox_decision ON outbox (company_id, decision_id, action);
CREATE TRIGGER allocations_fit BEFORE INSERT ON allocations BEGIN
  SELECT RAISE(ABORT, 'LAW a decision that stands takes no further allocations') WHERE EXISTS (SELECT 1 FROM decisions d WHERE d.company_id = NEW.company_id AND d.decision_id = NEW.decision_id);
  SELECT RAISE(ABORT, 'LAW payment, allocation and item must be of one company and one currency') WHERE NOT EXISTS (SELECT 1 FROM items i JOIN payments p ON p.company_id = i.company_id WHERE i.company_id = NEW.company_id AND i.item_no = NEW.item_no AND p.payment_id = NEW.payment_id AND i.currency = NEW.currency AND p.currency = NEW.currency);
END;
CREATE TRIGGER decisions_fit BEFORE INSERT ON decisions BEGIN
  SELECT RAISE(ABORT, 'LAW the allocations do not add up to what the decision says is allocated') WHERE NOT (NEW.allocated = (SELECT COALESCE(SUM(a.cash), 0) FROM allocations a WHERE a.company_id = NEW.company_id AND a.decision_id = NEW.decision_id));
  SELECT RAISE(ABORT, 'LAW an allocation names another payment than its decision') WHERE NOT NOT EXISTS (SELECT 1 FROM allocations a WHERE a.company_id = NEW.company_id AND a.decision_id = NEW.decision_id AND a.payment_id <> NEW.payment_id);
  SELECT RAISE(ABORT, 'LAW the decision does not speak for the whole amount of its payment') WHERE NOT EXISTS (SELECT 1 FROM payments p WHERE p.company_id = NEW.company_id AND p.payment_id = NEW.payment_id AND p.amount = CASE WHEN NEW.kind = 'reversal' THEN -NEW.amount ELSE NEW.amount END);
  SELECT RAISE(ABORT, 'LAW only the live decision of a payment can be reversed, and only as a whole') WHERE NOT (NEW.kind <> 'reversal' OR EXISTS (SELECT 1 FROM decisions d WHERE d.company_id = NEW.company_id AND d.decision_id = NEW.reverses_id AND d.payment_id = NEW.payment_id AND d.live AND d.allocated = -NEW.allocated AND d.on_account = -NEW.on_account AND d.in_exception = -NEW.in_exception AND d.ignored = -NEW.ignored));
END;
CREATE TRIGGER allocations_settle AFTER INSERT ON allocations BEGIN UPDATE items SET settled = settled + NEW.settled,
    overdrawn = MAX(0, MIN(overdrawn,
        direction * (settled + NEW.settled - reflected) - direction * open_amount))
  WHERE company_id = NEW.company_id AND item_no = NEW.item_no; END;
CREATE TRIGGER decisions_take_effect AFTER INSERT ON decisions BEGIN UPDATE decisions SET live = false
  WHERE company_id = NEW.company_id AND decision_id = NEW.reverses_id;
  UPDATE payments SET allocated = allocated + NEW.allocated, on_account = on_account + NEW.on_account,
    in_exception = in_exception + NEW.in_exception, ignored = ignored + NEW.ignored, version = version + 1,
    state = CASE WHEN NEW.kind = 'reversal' THEN 'new' ELSE NEW.kind END
  WHERE company_id = NEW.company_id AND payment_id = NEW.payment_id; END;
CREATE TRIGGER allocations_are_final BEFORE UPDATE OF company_id, decision_id, item_no, payment_id, currency, cash, discount, write_off, settled, residual, residual_reason, expected_open ON allocations WHEN OLD.company_id IS NOT NEW.company_id OR OLD.decision_id IS NOT NEW.decision_id OR OLD.item_no IS NOT NEW.item_no OR OLD.payment_id IS NOT NEW.payment_id OR OLD.currency IS NOT NEW.currency OR OLD.cash IS NOT NEW.cash OR OLD.discount IS NOT NEW.discount OR OLD.write_off IS NOT NEW.write_off OR OLD.settled IS NOT NEW.settled OR OLD.residual IS NOT NEW.residual OR OLD.residual_reason IS NOT NEW.residual_reason OR OLD.expected_open IS NOT NEW.expected_open BEGIN SELECT RAISE(ABORT, 'LAW allocations are added, never edited'); END;
CREATE TRIGGER allocations_stay BEFORE DELETE ON allocations BEGIN SELECT RAISE(ABORT, 'LAW allocations are added, never deleted'); END;
CREATE TRIGGER decisions_are_final BEFORE UPDATE OF company_id, decision_id, payment_id, kind, revision, reverses_id, amount, allocated, on_account, in_exception, ignored, on_account_customer_id, reason_code, confidence, rule, rule_version, at, actor_kind, actor, run_id, texts_hash, hash ON decisions WHEN OLD.company_id IS NOT NEW.company_id OR OLD.decision_id IS NOT NEW.decision_id OR OLD.payment_id IS NOT NEW.payment_id OR OLD.kind IS NOT NEW.kind OR OLD.revision IS NOT NEW.revision OR OLD.reverses_id IS NOT NEW.reverses_id OR OLD.amount IS NOT NEW.amount OR OLD.allocated IS NOT NEW.allocated OR OLD.on_account IS NOT NEW.on_account OR OLD.in_exception IS NOT NEW.in_exception OR OLD.ignored IS NOT NEW.ignored OR OLD.on_account_customer_id IS NOT NEW.on_account_customer_id OR OLD.reason_code IS NOT NEW.reason_code OR OLD.confidence IS NOT NEW.confidence OR OLD.rule IS NOT NEW.rule OR OLD.rule_version IS NOT NEW.rule_version OR OLD.at IS NOT NEW.at OR OLD.actor_kind IS NOT NEW.actor_kind OR OLD.actor IS NOT NEW.actor OR OLD.run_id IS NOT NEW.run_id OR OLD.texts_hash IS NOT NEW.texts_hash OR OLD.hash IS NOT NEW.hash BEGIN SELECT RAISE(ABORT, 'LAW decisions are added, never edited'); END;
CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions BEGIN SELECT RAISE(ABORT, 'LAW decisions are added, never deleted'); END;
CREATE TRIGGER audit_are_final BEFORE UPDATE OF company_id, sequence, at, actor_kind, actor, run_id, event, subject, content_hash, previous_hash, hash ON audit WHEN OLD.company_id IS NOT NEW.company_id OR OLD.sequence IS NOT NEW.sequence OR OLD.at IS NOT NEW.at OR OLD.actor_kind IS NOT NEW.actor_kind OR OLD.actor IS NOT NEW.actor OR OLD.run_id IS NOT NEW.run_id OR OLD.event IS NOT NEW.event OR OLD.subject IS NOT NEW.subject OR OLD.content_hash IS NOT NEW.content_hash OR OLD.previous_hash IS NOT NEW.previous_hash OR OLD.hash IS NOT NEW.hash BEGIN SELECT RAISE(ABORT, 'LAW audit are added, never edited'); END;
CREATE TRIGGER audit_stay BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'LAW audit are added, never deleted'); END;
CREATE TRIGGER decisions_texts BEFORE UPDATE OF texts, salt ON decisions WHEN (NEW.texts IS NOT NULL AND NEW.texts IS NOT OLD.texts) OR (NEW.salt IS NOT NULL AND NEW.salt IS NOT OLD.salt) BEGIN SELECT RAISE(ABORT, 'LAW texts of decisions are erased, never edited'); END;
CREATE TRIGGER audit_texts BEFORE UPDATE OF content, salt ON audit WHEN (NEW.content IS NOT NULL AND NEW.content IS NOT OLD.content) OR (NEW.salt IS NOT NULL AND NEW.salt IS NOT OLD.salt) BEGIN SELECT RAISE(ABORT, 'LAW texts of audit are erased, never edited'); END;
CREATE TRIGGER decisions_live BEFORE UPDATE OF live ON decisions WHEN NEW.live <> OLD.live AND (NEW.live OR NOT EXISTS (SELECT 1 FROM decisions d WHERE d.company_id = OLD.company_id AND d.reverses_id = OLD.decision_id)) BEGIN SELECT RAISE(ABORT, 'LAW a decision ends by its reversal alone'); END;
CREATE TRIGGER outbox_moves BEFORE UPDATE OF state ON outbox WHEN NOT (OLD.state = NEW.state OR (OLD.state = 'planned' AND NEW.state IN ('approved', 'reversed')) OR (OLD.state = 'approved' AND NEW.state IN ('sending', 'reversed')) OR (OLD.state = 'sending' AND NEW.state IN ('sending', 'confirmed', 'submitted', 'ambiguous', 'rejected', 'approved')) OR (OLD.state = 'ambiguous' AND NEW.state IN ('sending', 'confirmed', 'submitted', 'rejected', 'approved', 'reversed')) OR (OLD.state = 'submitted' AND NEW.state IN ('sending', 'confirmed', 'rejected', 'ambiguous', 'approved', 'reversed')) OR (OLD.state = 'confirmed' AND NEW.state IN ('reversed')) OR (OLD.state = 'rejected' AND NEW.state IN ('reversed'))) BEGIN SELECT RAISE(ABORT, 'LAW a posting cannot move between these states'); END;
CREATE TRIGGER outbox_final BEFORE UPDATE OF company_id, key, action, payment_id, decision_id, revision, currency, amount ON outbox BEGIN SELECT RAISE(ABORT, 'LAW what a posting says is final'); END;
CREATE TRIGGER outbox_stay BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'LAW outbox rows are added, never deleted'); END;
COMMIT;
