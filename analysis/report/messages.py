"""The catalogue: every sentence of the report in Danish and English, side by side (Danish first)."""

# ruff: noqa: E501 - a catalogue is read as a table

from analysis.report.question_messages import QUESTION_MESSAGES
from analysis.report.verdict_messages import VERDICT_MESSAGES

MESSAGES: dict[str, tuple[str, str]] = {
    # The page
    "kicker": ("Effektrapport", "Effect report"),
    "subtitle": ("Forsøg {trial}, protokol version {version}", "Trial {trial}, protocol version {version}"),
    "contents": ("Indhold", "Contents"),
    "example-order": (
        "Protokollen er et eksempel: intet lovgrundlag er kendt.",
        "The protocol is an example: no legal order is known.",
    ),
    "synthetic": (
        "Borgerne i denne rapport er kunstige, og effekten er plantet: den viser metoden, ikke virkeligheden.",
        "The citizens in this report are synthetic and the effect is planted: it shows the method, not the world.",
    ),
    "hidden-note": (
        "– betyder, at tallet ikke findes eller er skjult. Antal fra 1 til {below} skjules, og med dem de tal, de ellers "
        "kunne regnes tilbage fra.",
        "– means that there is no number, or that it is hidden. Counts from 1 to {below} are hidden, and with them the "
        "numbers they could be worked back from.",
    ),
    "figure": ("Figur {number}", "Figure {number}"),
    "table": ("Tabel {number}", "Table {number}"),
    "total": ("I alt", "Total"),
    "yes": ("Ja", "Yes"),
    "no": ("Nej", "No"),
    "unit.weeks": ("uger", "weeks"),
    "unit.points": ("procentpoint", "percentage points"),
    "unit.months": ("fuldtidsmåneder", "full-time months"),
    "unit.kroner": ("kr.", "kroner"),
    "unit.weeks-per-share": ("uger pr. 100 % fysiske samtaler", "weeks per 100% physical conversations"),
    "unit.points-per-share": (
        "procentpoint pr. 100 % fysiske samtaler", "percentage points per 100% physical conversations",
    ),
    "unit.months-per-share": (
        "fuldtidsmåneder pr. 100 % fysiske samtaler", "full-time months per 100% physical conversations",
    ),
    "unit.kroner-per-share": ("kr. pr. 100 % fysiske samtaler", "kroner per 100% physical conversations"),
    # The answer
    "answer.title": ("Kort fortalt", "In short"),
    "answer.effect": (
        "{of} mod {against}: {estimate} {unit} ({level}-interval fra {low} til {high}).",
        "{of} against {against}: {estimate} {unit} ({level} interval {low} to {high}).",
    ),
    "answer.none": ("Den primære effekt kan ikke opgøres: {reason}.", "The primary effect cannot be stated: {reason}."),
    "answer.withheld": (
        "Den primære effekt vises ikke: en arm har for få borgere.",
        "The primary effect is not shown: an arm has too few citizens.",
    ),
    "conclusion.superior": (
        "{of} er ikke dårligere end {against} inden for marginen på {margin} {unit}, og intervallet ligger helt på den "
        "bedre side af ingen effekt.",
        "{of} is no worse than {against} within the margin of {margin} {unit}, and the interval lies wholly on the better "
        "side of no effect.",
    ),
    "conclusion.non-inferior": (
        "{of} er ikke dårligere end {against} inden for marginen på {margin} {unit}.",
        "{of} is no worse than {against} within the margin of {margin} {unit}.",
    ),
    "conclusion.non-inferior-but-worse": (
        "{of} er ikke dårligere end {against} inden for marginen på {margin} {unit}, men intervallet ligger helt på den "
        "dårligere side af ingen effekt.",
        "{of} is no worse than {against} within the margin of {margin} {unit}, yet the interval lies wholly on the worse "
        "side of no effect.",
    ),
    "conclusion.inconclusive": (
        "Det kan ikke afgøres, om {of} er ikke-dårligere end {against} inden for marginen på {margin} {unit}.",
        "It cannot be told whether {of} is no worse than {against} within the margin of {margin} {unit}.",
    ),
    "conclusion.inferior": (
        "{of} er dårligere end {against} med mere end marginen på {margin} {unit}.",
        "{of} is worse than {against} by more than the margin of {margin} {unit}.",
    ),
    "conclusion.slug.superior": ("bedre", "superior"),
    "conclusion.slug.non-inferior": ("ikke dårligere", "non-inferior"),
    "conclusion.slug.non-inferior-but-worse": ("ikke dårligere, dog under nul", "non-inferior, yet below zero"),
    "conclusion.slug.inconclusive": ("uafgjort", "inconclusive"),
    "conclusion.slug.inferior": ("dårligere", "inferior"),
    # What was declared
    "declared.title": ("Hvad der var erklæret", "What was declared"),
    "declared.lead": (
        "Skrevet ned, før den første borger blev trukket; alt i rapporten følger af denne protokol.",
        "Written down before the first citizen was drawn; everything in the report follows from this protocol.",
    ),
    "declared.question": ("Spørgsmål", "Question"),
    "declared.arms": ("Arme", "Arms"),
    "declared.arm": ("{label}: {modes}", "{label}: {modes}"),
    "declared.ratio": ("lodtrækning {ratio}", "drawn {ratio}"),
    "declared.population": ("Population", "Population"),
    "declared.max-spell": ("højst {weeks} ugers ledighed", "at most {weeks} weeks of unemployment"),
    "declared.enrolment": ("Indskrivning", "Enrolment"),
    "declared.period": ("{first} til {last}", "{first} to {last}"),
    "declared.strata": ("Stratificering", "Stratification"),
    "declared.procedure": ("Randomisering", "Randomisation"),
    "declared.cluster": (
        "armene er trukket pr. {cluster}: alle borgere hos samme {cluster} har samme arm, og standardfejl lægger dem sammen",
        "arms were drawn by {cluster}: all citizens of one {cluster} share its arm, and standard errors add up within it",
    ),
    "declared.pause": ("Pauseregel", "Pause rule"),
    "declared.conversations": ("Samtaler", "Conversations"),
    "declared.due": ("i uge {weeks} efter randomisering", "in weeks {weeks} after randomisation"),
    "declared.summons": (
        "varsel {days} dage; kommer en pause med kortere varsel: {mode}",
        "notice of {days} days; where a pause comes at shorter notice: {mode}",
    ),
    "declared.follow-up": ("Opfølgning", "Follow-up"),
    "declared.weeks": ("{weeks} uger", "{weeks} weeks"),
    "declared.inference": ("Inferens", "Inference"),
    "declared.inference-text": (
        "{se}-standardfejl, {level} tosidede intervaller, ikke-dårligere på {ni} ensidet niveau",
        "{se} standard errors, two-sided {level} intervals, non-inferiority at a one-sided level of {ni}",
    ),
    "declared.legal": ("Lovgrundlag", "Legal basis"),
    "declared.legal-example": ("eksempel; intet lovgrundlag er kendt", "example; no order is known"),
    "declared.legal-text": ("{order}; fraviger {derogates}; {first} til {last}", "{order}; derogates {derogates}; {first} to {last}"),
    "declared.digest": ("Protokollens fingeraftryk", "Digest of the protocol"),
    "estimands.caption": ("Erklærede estimander (ICH E9(R1))", "Declared estimands (ICH E9(R1))"),
    "estimand": ("Estimand", "Estimand"),
    "outcome": ("Udfald", "Outcome"),
    "summary": ("Mål", "Summary"),
    "role": ("Rolle", "Role"),
    "margin": ("Margin", "Margin"),
    "intercurrent": ("Interkurrente hændelser", "Intercurrent events"),
    "role.primary": ("primær", "primary"),
    "role.secondary": ("sekundær", "secondary"),
    "role.exploratory": ("eksplorativ", "exploratory"),
    "summary.difference-in-means": ("forskel i middel", "difference in means"),
    "summary.risk-difference": ("forskel i andel", "risk difference"),
    "summary.restricted-mean-difference": ("forskel i begrænset middeltid", "difference in restricted mean time"),
    "summary.late": ("lokal gennemsnitseffekt (LATE)", "local average effect (LATE)"),
    "intercurrent.override-to-physical": ("ændret til fysisk", "override to physical"),
    "intercurrent.pause": ("pause", "pause"),
    "intercurrent.withdrawal": ("udtræden", "withdrawal"),
    "strategy.treatment-policy": ("som tildelt", "treatment policy"),
    "strategy.dose": ("del af dosis", "part of the dose"),
    "strategy.hypothetical": ("hypotetisk", "hypothetical"),
    "strategy.composite": ("sammensat udfald", "composite"),
    "strategy.while-on-treatment": ("så længe formen følges", "while on treatment"),
    "strategy.principal-stratum": ("principalt stratum", "principal stratum"),
    "factor.jobcentre": ("jobcenter", "jobcentre"),
    "factor.target_group": ("målgruppe", "target group"),
    "factor.age_group": ("aldersgruppe", "age group"),
    "factor.caseworker": ("sagsbehandler", "caseworker"),
    "mode.physical": ("fysisk", "physical"),
    "mode.telephone": ("telefon", "telephone"),
    "mode.video": ("video", "video"),
    "mode.none": ("ikke afholdt", "not held"),
    # The flow
    "flow.title": ("Borgernes vej gennem forsøget", "The citizens’ way through the trial"),
    "flow.caption": ("Flowdiagram efter CONSORT 2025", "Flow diagram after CONSORT 2025"),
    "flow.alt": (
        "Flowdiagram: {arrived} henvist, {randomised} randomiseret; tallene står i tabellen under figuren.",
        "Flow diagram: {arrived} arrived, {randomised} randomised; the numbers are in the table below the figure.",
    ),
    "flow.arrived": ("Ankomne nyledige", "Newly unemployed arrivals"),
    "flow.turned-away": ("Ikke randomiseret", "Not randomised"),
    "flow.randomised": ("Randomiseret", "Randomised"),
    "flow.allocated": ("Tildelt {arm}", "Allocated to {arm}"),
    "flow.any-held": ("mindst én samtale afholdt", "at least one conversation held"),
    "flow.any-override": ("mindst én ændret til fysisk", "at least one changed to physical"),
    "flow.any-in-pause": ("mindst én samtale i en pause", "at least one conversation in a pause"),
    "flow.exposed-to-pause": ("kommune i pause undervejs", "municipality paused meanwhile"),
    "flow.lost": ("Ikke fulgt eller uden udfald", "Not followed or without outcome"),
    "flow.none-lost": ("ingen", "none"),
    "flow.analysed": ("Analyseret, primært udfald", "Analysed, primary outcome"),
    "reason.paused": ("kommunen i pause", "municipality paused"),
    "reason.target-group": ("anden målgruppe", "other target group"),
    "reason.spell-too-long": ("for lang ledighed", "unemployed too long"),
    "reason.age-under-18": ("under 18 år", "under 18 years"),
    "reason.not-linked": ("uden række i koblingstabellen", "not in the link table"),
    "reason.not-in-dream": ("ikke i DREAM", "not in DREAM"),
    "reason.emigrated": ("udvandret", "emigrated"),
    "reason.old-age-pension": ("folkepension", "old-age pension"),
    "reason.dead": ("død", "dead"),
    "reason.end-of-register": ("registret slutter før", "register ends before"),
    # The pauses
    "pauses.title": ("Pauser", "Pauses"),
    "pauses.caption": (
        "Dage i pause pr. kommune og kalenderuge", "Days of pause by municipality and calendar week",
    ),
    "pauses.text": (
        "{pauses} pauser i {municipalities} kommuner; den længste varede {longest} dage. Kommuner uden pause: {never}. "
        "I en pause randomiseres ingen, og fysiske samtaler holdes på telefon i begge arme.",
        "{pauses} pauses in {municipalities} municipalities; the longest lasted {longest} days. Municipalities without a pause: {never}. "
        "In a pause nobody is randomised, and physical conversations are held by telephone in both arms.",
    ),
    "pauses.none": ("Ingen kommune var i pause.", "No municipality was paused."),
    "pauses.days": ("Dage i pause i ugen", "Days of pause in the week"),
    "pauses.alt": (
        "Kalender: {pauses} pauser i {municipalities} kommuner.", "Calendar: {pauses} pauses in {municipalities} municipalities.",
    ),
    # Balance
    "balance.title": ("Balance ved randomisering", "Balance at randomisation"),
    "balance.caption": ("Randomiserede efter stratum og arm, antal (andel af armen)", "Randomised by factor and arm, number (share of the arm)"),
    "balance.text": (
        "Borgerne faldt i {strata} strata i {jobcentres} jobcentre. Ingen arm førte med mere end {in_stratum} i noget stratum "
        "og {in_jobcentre} i noget jobcenter.",
        "The citizens fell in {strata} strata in {jobcentres} jobcentres. No arm led by more than {in_stratum} in any stratum "
        "and {in_jobcentre} in any jobcentre.",
    ),
    "balance.text-clusters": (
        "Borgerne faldt i {strata} strata i {jobcentres} jobcentre. Armene er trukket pr. {cluster}, {clusters} i alt: hvor mange "
        "borgere en arm fik, følger af, hvor mange hver {cluster} har.",
        "The citizens fell in {strata} strata in {jobcentres} jobcentres. Arms were drawn by {cluster}, {clusters} in all: how "
        "many citizens an arm has follows from how many each {cluster} has.",
    ),
    "level": ("Niveau", "Level"),
    # Effects
    "effects.title": ("Effekter", "Effects"),
    "effects.lead": (
        "Effekten er {of} minus {against}. »{primary}« er primær; de øvrige er sekundære og ikke korrigeret for, at der "
        "stilles flere spørgsmål.",
        "The effect is {of} minus {against}. “{primary}” is primary; the others are secondary and not corrected for asking "
        "several questions.",
    ),
    "effects.caption": ("Effekter som erklæret", "Effects as declared"),
    "effects.pooled": (
        "Små strata er lagt sammen som erklæret: {strata} strata i den primære analyse.",
        "Small strata are joined as declared: {strata} strata in the primary analysis.",
    ),
    "estimator": ("Estimator", "Estimator"),
    "effect": ("Effekt", "Effect"),
    "se": ("Standardfejl", "Standard error"),
    "interval": ("{level}-interval", "{level} interval"),
    "p": ("p", "p"),
    "n": ("n, {arm}", "n, {arm}"),
    "interval-text": ("{low} til {high}", "{low} to {high}"),
    "not-estimable": ("ikke estimerbar: {reason}", "not estimable: {reason}"),
    "withheld": ("vises ikke: for få borgere i en arm", "not shown: too few citizens in an arm"),
    "estimator.stratified-difference": ("stratificeret forskel", "stratified difference"),
    "estimator.strata-regression": ("regression med strata", "regression with strata"),
    "estimator.kaplan-meier": ("Kaplan-Meier", "Kaplan-Meier"),
    "estimator.two-stage-least-squares": ("to-trins mindste kvadrater", "two-stage least squares"),
    "ni.caption": ("Effekten mod den erklærede margin", "The effect against the declared margin"),
    "ni.axis": ("Forskel, {of} minus {against} ({unit})", "Difference, {of} minus {against} ({unit})"),
    "ni.margin": ("margin", "margin"),
    "ni.worse": ("for dårligt", "too much worse"),
    "ni.legend": (
        "Punkt og linje: estimat og {level}-interval; tværstreg: ensidet {bound}-grænse",
        "Dot and line: estimate and {level} interval; tick: one-sided {bound} bound",
    ),
    "ni.alt": (
        "Forskel {estimate} {unit} med interval fra {low} til {high}; margin {margin}.",
        "Difference {estimate} {unit} with interval {low} to {high}; margin {margin}.",
    ),
    "effects.displacement": (
        "Forsøget trækker lod mellem borgere. Hvis den enes job er den andens tabte, kan det ikke ses her: fortrængning "
        "kræver et forsøg, hvor også andelen varierer mellem områder.",
        "The trial draws lots between citizens. If one citizen’s job is another’s lost one, it cannot be seen here: "
        "displacement needs a trial in which the share varies between areas too.",
    ),
    "effects.displacement-clusters": (
        "Forsøget trækker lod pr. {cluster}. Tager borgerne hos den ene job fra borgerne hos den anden, kan det ikke ses her: "
        "fortrængning kræver et forsøg, hvor andelen varierer mellem områder.",
        "The trial draws lots by {cluster}. If citizens of one take jobs from citizens of another, it cannot be seen here: "
        "displacement needs a trial in which the share varies between areas.",
    ),
    # Exploratory
    "exploratory.title": ("Eksplorativt", "Exploratory"),
    "exploratory.lead": (
        "Ikke erklæret på forhånd. Det samme spørgsmål stillet på andre måder; intet her indgår i konklusionen.",
        "Not declared beforehand. The same question asked in other ways; nothing here takes part in the conclusion.",
    ),
    "exploratory.rows": ("Effekten efter pauser", "The effect by pauses"),
    "bounds.caption": (
        "Grænser, hvis de manglende udfald var gået værst eller bedst", "Bounds, had the missing outcomes gone worst or best",
    ),
    "bounds.low": ("Nedre", "Lower"),
    "bounds.high": ("Øvre", "Upper"),
    "bounds.estimator": ("Metode", "Method"),
    "estimator.manski-bounds": ("Manski: hele udfaldsrummet", "Manski: the whole range"),
    "estimator.lee-bounds": ("Lee: trimning efter målgruppe", "Lee: trimming by target group"),
    "estimator.randomisation-test": ("Randomiseringstest", "Randomisation test"),
    "estimator.anderson-rubin": ("Anderson-Rubin", "Anderson-Rubin"),
    "replay": (
        "Randomiseringstest: proceduren {procedure} er kørt igen {draws} gange; p\u00a0=\u00a0{p}. Konstante effekter fra {low} til "
        "{high} {unit} kan ikke forkastes på niveau {level}.",
        "Randomisation test: the procedure {procedure} was run again {draws} times; p\u00a0=\u00a0{p}. Constant effects from {low} to "
        "{high} {unit} cannot be rejected at level {level}.",
    ),
    "region.interval": (
        "Anderson-Rubin, gyldigt også ved et svagt instrument: {low} til {high} {unit} ({level}).",
        "Anderson-Rubin, valid with a weak instrument too: {low} to {high} {unit} ({level}).",
    ),
    "region.rays": (
        "Anderson-Rubin, gyldigt også ved et svagt instrument: under {low} eller over {high} {unit} ({level}).",
        "Anderson-Rubin, valid with a weak instrument too: below {low} or above {high} {unit} ({level}).",
    ),
    "region.line": (
        "Anderson-Rubin: instrumentet er for svagt til at afgrænse effekten ({level}).",
        "Anderson-Rubin: the instrument is too weak to bound the effect ({level}).",
    ),
    # Curves
    "curves.title": ("Tid til afgang", "Time to exit"),
    "curves.caption": ("{label}: andel endnu ikke afgået (Kaplan-Meier)", "{label}: share not yet exited (Kaplan-Meier)"),
    "curves.x": ("Uger efter randomisering", "Weeks after randomisation"),
    "curves.y": ("Andel endnu ikke afgået", "Share not yet exited"),
    "curves.at-risk": ("Antal under risiko", "Number at risk"),
    "curves.band": (
        "Flader: {level}-bånd (log-log). Et trin vises, når mindst {threshold} er afgået siden det forrige.",
        "Areas: {level} bands (log-log). A step is shown once at least {threshold} have left since the last.",
    ),
    "curves.alt": (
        "Kurver for {arms}: andel endnu ikke afgået uge for uge.", "Curves for {arms}: share not yet exited week by week.",
    ),
    "curves.none": ("Ingen kurver kan vises.", "No curves can be shown."),
    # Compliance
    "compliance.title": ("Fulgte samtalerne lodtrækningen?", "Did conversations follow the draw?"),
    "compliance.caption": ("Samtaler efter afholdt form", "Conversations by form held"),
    "compliance.table": ("Samtaler efter afholdt form, antal (andel af armens samtaler)", "Conversations by form held, number (share of the arm’s conversations)"),
    "compliance.alt": ("Andel af samtalerne efter form i hver arm.", "Share of conversations by form in each arm."),
    "compliance.x": ("Andel af forfaldne samtaler", "Share of conversations due"),
    "compliance.held": ("Afholdt form", "Form held"),
    "first-stage": (
        "Tildeling til {of} flytter andelen af fysiske samtaler med {estimate} procentpoint ({low} til {high}); F\u00a0=\u00a0{f}.",
        "Assignment to {of} moves the share of physical conversations by {estimate} percentage points ({low} to {high}); F\u00a0=\u00a0{f}.",
    ),
    "first-stage.weak": ("Instrumentet er svagt.", "The instrument is weak."),
    # Deviations
    "deviations.title": ("Afvigelser", "Deviations"),
    "deviations.lead": (
        "Afvigelser er dokumenteret, ikke rettet: borgerne analyseres i den arm, de trak.",
        "Deviations are documented, not corrected: citizens are analysed in the arm they drew.",
    ),
    "deviations.citizens": ("Borgere med afvigelser, antal (andel af armen)", "Citizens with deviations, number (share of the arm)"),
    "deviations.overrides": ("Samtaler ændret til fysisk, efter årsag", "Conversations changed to physical, by reason"),
    "deviations.events": ("Andre hændelser i loggen", "Other events in the ledger"),
    "deviation": ("Afvigelse", "Deviation"),
    "reason": ("Årsag", "Reason"),
    "number": ("Antal", "Number"),
    "override.citizen-demands": ("borgeren ønsker fremmøde", "the citizen demands it"),
    "override.caseworker-demands": ("sagsbehandleren kræver fremmøde", "the caseworker demands it"),
    "override.technical-failure": ("teknisk fejl", "technical failure"),
    "event.withdrawal": ("udtrådt af forsøget", "withdrew from the trial"),
    "event.assigned-in-backdated-pause": (
        "tildelt på en dag, der siden viste sig at ligge i en pause", "assigned on a day that later turned out to be paused",
    ),
    "event.correction": ("rettelse ved siden af", "correction beside the record"),
    "event.ineligible": ("viste sig ikke at opfylde kriterierne", "found ineligible"),
    "event.duplicate": ("viste sig at være samme person", "found to be a duplicate"),
    "event.retraction": ("rettelse trukket tilbage", "correction retracted"),
    "event.erasure": ("slettet", "erased"),
    # Truth
    "truth.title": ("Plantet sandhed og estimat", "Planted truth and estimate"),
    "truth.lead": (
        "Registrene er kunstige, og effekten er plantet. Her står den sande effekt ved siden af estimatet.",
        "The registers are synthetic and the effect is planted. Here the true effect stands beside the estimate.",
    ),
    "truth.caption": ("Sand effekt beregnet i begge verdener af de samme borgere", "True effect computed in both worlds of the same citizens"),
    "truth.effect": ("Sand effekt", "True effect"),
    "truth.covered": ("I intervallet", "In the interval"),
    # Manifest
    "manifest.title": ("Manifest", "Manifest"),
    "manifest.lead": (
        "Rapporten er en funktion af disse filer; samme filer og versioner giver samme rapport.",
        "The report is a function of these files; the same files and versions give the same report.",
    ),
    "manifest.files": ("Filer og deres SHA-256", "Files and their SHA-256"),
    "manifest.file": ("Fil", "File"),
    "manifest.key": ("Angivelse", "Item"),
    "manifest.value": ("Værdi", "Value"),
    "manifest.protocol_digest": ("Protokollens fingeraftryk", "Protocol digest"),
    "manifest.ledger_length": ("Poster i loggen", "Entries in the ledger"),
    "manifest.ledger_head": ("Loggens hoved", "Head of the ledger"),
    "manifest.key_commitment": ("Nøglens forpligtelse", "Commitment to the key"),
    "manifest.last_entry_at": ("Sidste post", "Last entry"),
    "manifest.mode": ("Tilstand", "Mode"),
    "mode-of-trial.test": ("test", "test"),
    "mode-of-trial.training": ("øvelse", "training"),
    "mode-of-trial.production": ("drift", "production"),
    "manifest.versions": ("Versioner", "Versions"),
}  # fmt: skip

MESSAGES |= QUESTION_MESSAGES | VERDICT_MESSAGES
