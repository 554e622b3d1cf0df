using BatchInference.Documents.Extraction;
using BatchInference.Testing;

namespace BatchInference.Documents.Tests.Extraction;

/// <summary>The first article of the Universal Declaration of Human Rights, and sentences, headings and lists of administrations.</summary>
public sealed class LanguageDetectorTests
{
    private const string Sentences = """
        fr Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.
        en All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.
        de Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.
        es Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia, deben comportarse fraternalmente los unos con los otros.
        it Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.
        pt Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de consciência, devem agir uns para com os outros em espírito de fraternidade.
        nl Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.
        pl Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.
        ro Toate ființele umane se nasc libere și egale în demnitate și în drepturi. Ele sunt înzestrate cu rațiune și conștiință și trebuie să se comporte unele față de altele în spiritul fraternității.
        sv Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och samvete och bör handla gentemot varandra i en anda av broderskap.
        da Alle mennesker er født frie og lige i værdighed og rettigheder. De er udstyret med fornuft og samvittighed, og de bør handle mod hverandre i en broderskabets ånd.
        nb Alle mennesker er født frie og med samme menneskeverd og menneskerettigheter. De er utstyrt med fornuft og samvittighet og bør handle mot hverandre i brorskapets ånd.
        fi Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä.
        hu Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel és lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy viseltessenek.
        cs Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a svědomím a mají spolu jednat v duchu bratrství.
        sk Všetci ľudia sa rodia slobodní a sebe rovní, čo sa týka ich dôstojnosti a práv. Sú obdarení rozumom a majú navzájom jednať v bratskom duchu.
        sl Vsi ljudje se rodijo svobodni in imajo enako dostojanstvo in enake pravice. Obdarjeni so z razumom in vestjo in bi morali ravnati drug z drugim kakor bratje.
        hr Sva ljudska bića rađaju se slobodna i jednaka u dostojanstvu i pravima. Ona su obdarena razumom i sviješću i trebaju jedna prema drugima postupati u duhu bratstva.
        et Kõik inimesed sünnivad vabadena ja võrdsetena oma väärikuselt ja õigustelt. Neile on antud mõistus ja südametunnistus ja nende suhtumist üksteisesse peab kandma vendluse vaim.
        lv Visi cilvēki piedzimst brīvi un vienlīdzīgi savā pašcieņā un tiesībās. Viņi ir apveltīti ar saprātu un sirdsapziņu, un viņiem jāizturas citam pret citu brālības garā.
        lt Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. Jiems suteiktas protas ir sąžinė ir jie turi elgtis vienas kito atžvilgiu kaip broliai.
        ca Tots els éssers humans neixen lliures i iguals en dignitat i en drets. Són dotats de raó i de consciència, i els cal mantenir-se entre ells amb esperit de fraternitat.
        eu Gizon-emakume guztiak aske jaiotzen dira, duintasun eta eskubide berberak dituztela; eta ezaguera eta kontzientzia dutenez gero, elkarren artean senide legez jokatu beharra dute.
        br Dieub ha par en o dellezegezh hag o gwirioù eo ganet an holl dud. Poell ha skiant zo dezho ha dleout a reont bevañ an eil gant egile en ur spered a genvreudeuriezh.
        oc Totes los èssers umans naisson liures e egals en dignitat e en dreches. Son dotats de rason e de consciéncia e se devon comportar los unes amb los autres dins un esperit de fraternitat.
        co Nascenu tutti l'omi libari è pari di dignità è di diritti. Pussedenu a raghjoni è a cuscenza è li tocca ad agiscia trà elli di modu fraternu.
        lb All Mënsch kënnt fräi a mat deer selwechter Dignitéit an deene selwechte Rechter op d'Welt. Jiddereen huet säi Verstand a säi Gewësse krut an soll an engem Geescht vu Bridderlechkeet denen anere géintiwwer handelen.
        tr Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.
        vi Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. Mọi con người đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu.
        id Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama. Mereka dikaruniai akal dan hati nurani dan hendaknya bergaul satu sama lain dalam semangat persaudaraan.
        mt Il-bnedmin kollha jitwieldu ħielsa u ugwali fid-dinjità u d-drittijiet. Huma mogħnija bir-raġuni u bil-kuxjenza u għandhom iġibu ruħhom ma' xulxin bi spirtu ta' aħwa.
        ga Saolaítear na daoine uile saor agus comhionann ina ndínit agus ina gcearta. Tá bauid an réasúin agus an choinsiasa acu agus dlíd gníomhú i dtreo a chéile i spiorad an bhráithreachais.
        cy Genir pawb yn rhydd ac yn gydradd â'i gilydd mewn urddas a hawliau. Fe'u cynysgaeddir â rheswm a chydwybod, a dylai pawb ymddwyn y naill at y llall mewn ysbryd cymodlon.
        sq Të gjithë njerëzit lindin të lirë dhe të barabartë në dinjitet dhe në të drejta. Ata kanë arsye dhe ndërgjegje dhe duhet të sillen ndaj njëri tjetrit me frymë vëllazërimi.
        is Hver maður er borinn frjáls og jafn öðrum að virðingu og réttindum. Menn eru gæddir vitsmunum og samvizku, og ber þeim að breyta bróðurlega hverjum við annan.
        ru Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.
        uk Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і совістю і повинні діяти у відношенні один до одного в дусі братерства.
        bg Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с разум и съвест и следва да се отнасят помежду си в дух на братство.
        be Усе людзі нараджаюцца свабоднымі і роўнымі ў сваёй годнасці і правах. Яны надзелены розумам і сумленнем і павінны ставіцца адзін да аднаго ў духу брацтва.
        sr Сва људска бића рађају се слободна и једнака у достојанству и правима. Она су обдарена разумом и свешћу и треба једни према другима да поступају у духу братства.
        mk Сите човечки суштества се раѓаат слободни и еднакви по достоинство и права. Тие се обдарени со разум и совест и треба да се однесуваат еден кон друг во духот на општо човечката припадност.
        el Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα αδελφοσύνης.
        he כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג איש ברעהו ברוח של אחווה.
        ar يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا وعليهم أن يعامل بعضهم بعضا بروح الإخاء.
        fa تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند. همه دارای عقل و وجدان هستند و باید نسبت به یکدیگر با روح برادری رفتار کنند.
        ur تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔ انہیں ضمیر اور عقل ودیعت ہوئی ہے۔ اس لئے انہیں ایک دوسرے کے ساتھ بھائی چارے کا سلوک کرنا چاہئے۔
        zh 人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。
        ja すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。
        ko 모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.
        th มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ
        hi सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए।
        bn সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। তাঁদের বিবেক এবং বুদ্ধি আছে; সুতরাং সকলেরই একে অপরের প্রতি ভ্রাতৃত্বসুলভ মনোভাব নিয়ে আচরণ করা উচিৎ।
        ka ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით. მათ მინიჭებული აქვთ გონება და სინდისი და ერთმანეთის მიმართ უნდა იქცეოდნენ ძმობის სულისკვეთებით.
        hy Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։ Նրանք ունեն բանականություն ու խիղճ և միմյանց պետք է եղբայրաբար վերաբերվեն։
        la Omnes homines dignitate et iure liberi et pares nascuntur, rationis et conscientiae participes sunt, quibus inter se concordiae studio est agendum.
        eo Ĉiuj homoj estas denaske liberaj kaj egalaj laŭ digno kaj rajtoj. Ili posedas racion kaj konsciencon, kaj devus konduti unu al alia en spirito de frateco.
        sw Watu wote wamezaliwa huru, hadhi na haki zao ni sawa. Wote wamejaliwa akili na dhamiri, hivyo yapasa watendeane kindugu.
        af Alle menslike wesens word vry, met gelyke waardigheid en regte, gebore. Hulle het rede en gewete en behoort in die gees van broederskap teenoor mekaar op te tree.
        so Aadanaha dhammaantiis wuxuu dhashaa isagoo xor ah kana siman xagga sharafta iyo xuquuqada Waxaa Alle (Ilaah) siiyay aqoon iyo wacyi, waana in qof la arkaa qofka kale ula dhaqmaa si walaaltinimo ah.
        fr Réunion du conseil municipal de la ville
        fr Le maire de la commune a signé la convention avec le département.
        fr RÉPUBLIQUE FRANÇAISE LIBERTÉ ÉGALITÉ FRATERNITÉ. LE PRÉFET DE LA RÉGION, VU LE CODE GÉNÉRAL DES COLLECTIVITÉS TERRITORIALES, ARRÊTE CE QUI SUIT
        fr Désignation Quantité Prix unitaire Montant Remise Taxe Fournisseur Facture Commande Livraison Chaises Tables Bureaux Armoires Ordinateurs Imprimantes
        en Minutes of the meeting of the town council
        en The council voted the budget on Monday and the mayor signed it.
        en Item Quantity Price Amount Supplier Invoice Order Delivery Chairs Tables Desks Computers Printers Paper Office Cleaning Service
        en Dear Sir, thank you for your letter.
        de Sitzung des Gemeinderates in der Stadthalle am Montag
        de Sehr geehrte Damen und Herren, anbei erhalten Sie die Rechnung für die Lieferung.
        de Straße Hausnummer Postleitzahl Ort Geburtsdatum Staatsangehörigkeit Unterschrift Antragsteller Bescheid Gebühr Verwaltung Abteilung Sachbearbeiter
        es El ayuntamiento aprobó el presupuesto para el año que viene.
        it Il consiglio comunale ha approvato il bilancio per il prossimo anno.
        it Verbale della riunione del consiglio
        pt A câmara municipal aprovou o orçamento para o próximo ano.
        pt O governo brasileiro anunciou ontem novas medidas para a economia, mas os sindicatos não concordam com elas.
        nl De gemeenteraad heeft de begroting voor het komende jaar goedgekeurd.
        pl Rada miasta uchwaliła budżet na przyszły rok, a burmistrz go podpisał.
        pl Szanowni Państwo, w załączeniu przesyłam fakturę za usługi, które zostały wykonane w maju.
        ro Consiliul local a aprobat bugetul pentru anul viitor și primarul l-a semnat.
        sv Kommunfullmäktige har godkänt budgeten för nästa år och det var inte en lätt fråga.
        da Byrådet har godkendt budgettet for næste år, men borgmesteren er ikke tilfreds med det.
        nb Kommunestyret har godkjent budsjettet for neste år, men ordføreren er ikke fornøyd med det.
        nn Kommunestyret har godkjent budsjettet for neste år, men ordføraren er ikkje nøgd med det, fordi dei ikkje fekk det dei ville.
        fi Kunnanvaltuusto hyväksyi ensi vuoden talousarvion, mutta se ei ollut helppoa, koska rahaa on vähän.
        hu A képviselő-testület elfogadta a jövő évi költségvetést, de a polgármester nem volt elégedett.
        cs Zastupitelstvo schválilo rozpočet na příští rok a starosta ho podepsal, ale opozice byla proti.
        sk Zastupiteľstvo schválilo rozpočet na budúci rok a starosta ho podpísal, ale opozícia bola proti.
        sl Občinski svet je sprejel proračun za prihodnje leto, župan pa ga je tudi podpisal.
        hr Gradsko vijeće usvojilo je proračun za sljedeću godinu, a gradonačelnik ga je također potpisao prije nego što je otišao.
        sr Skupština opštine je usvojila budžet za sledeću godinu, a predsednik ga je takođe potpisao pre nego što je otišao.
        et Volikogu kinnitas järgmise aasta eelarve, kuid linnapea ei olnud sellega rahul ja see ei ole veel kõik.
        lv Dome apstiprināja nākamā gada budžetu, bet mērs ar to nebija apmierināts un teica, ka tas nav labi.
        lt Taryba patvirtino kitų metų biudžetą, bet meras nebuvo patenkintas ir sakė, kad tai yra blogai.
        ca L'ajuntament ha aprovat el pressupost per a l'any vinent, però l'alcalde no n'està content amb això.
        eu Udalak datorren urteko aurrekontua onartu du, baina alkatea ez da pozik egon eta hori esan zuen.
        gl O concello aprobou o orzamento para o vindeiro ano, pero o alcalde non está contento con el e dixo que non era unha boa idea.
        br Degemeret eo bet ar budjed evit ar bloaz a zeu gant ar c'huzul-kêr, met n'eo ket laouen ar maer gant an dra-se.
        oc Lo conselh municipal a votat lo budgèt per l'an que ven, mas lo cònsol es pas content amb aquò e o a dich dins la sala.
        co U cunsigliu municipale hà vutatu u bugettu per l'annu chì vene, ma u merre ùn hè micca cuntentu è hà dettu chì ci vulia à cambià.
        lb De Gemengerot huet de Budget fir dat nächst Joer gestëmmt, awer de Buergermeeschter ass net zefridden an huet et och gesot.
        tr Belediye meclisi gelecek yılın bütçesini kabul etti, ancak başkan bu karardan memnun değil ve bunu da söyledi.
        az Bələdiyyə gələn ilin büdcəsini qəbul etdi, amma sədr bu qərardan razı deyil və bunu da dedi.
        vi Hội đồng thành phố đã thông qua ngân sách cho năm tới, nhưng thị trưởng không hài lòng với quyết định này.
        id Dewan kota telah menyetujui anggaran untuk tahun depan, tetapi wali kota tidak senang karena bisa ada masalah dengan uang itu dan mereka berkata bahwa hal itu tidak baik.
        ms Majlis bandaran telah meluluskan belanjawan untuk tahun hadapan, tetapi datuk bandar tidak gembira kerana boleh ada masalah dengan wang itu dan beliau berkata bahawa hal itu tidak baik.
        mt Il-kunsill approva l-baġit għas-sena li ġejja, iżda s-sindku ma kienx kuntent bih u qal li din mhux idea tajba għal kulħadd.
        ga Tá an chomhairle tar éis an buiséad a fhaomhadh don bhliain seo chugainn, ach níl an méara sásta leis agus dúirt sé é sin.
        cy Mae'r cyngor wedi cymeradwyo'r gyllideb ar gyfer y flwyddyn nesaf, ond nid yw'r maer yn hapus gyda hynny.
        sq Këshilli bashkiak miratoi buxhetin për vitin e ardhshëm, por kryetari nuk është i kënaqur me të dhe e tha këtë.
        is Bæjarstjórnin hefur samþykkt fjárhagsáætlun fyrir næsta ár, en bæjarstjórinn var ekki ánægður með það og sagði það.
        ru Городской совет утвердил бюджет на следующий год, но мэр этим недоволен и сказал об этом.
        uk Міська рада затвердила бюджет на наступний рік, але мер цим незадоволений і сказав про це.
        bg Общинският съвет прие бюджета за следващата година, но кметът не е доволен от това и го каза.
        be Гарадскі савет зацвердзіў бюджэт на наступны год, але мэр гэтым незадаволены і сказаў пра гэта.
        sr Скупштина општине је усвојила буџет за следећу годину, али председник није задовољан тиме и рекао је то.
        mk Советот на општината го усвои буџетот за следната година, но градоначалникот не е задоволен со тоа и рече дека ќе се жали.
        kk Барлық адамдар тумысынан азат және қадір-қасиеті мен құқықтары тең болып дүниеге келеді. Адамдарға ақыл-парасат, ар-ождан берілген, сондықтан олар бір-бірімен туыстық, бауырмалдық қарым-қатынас жасаулары тиіс.
        mn Хүн бүр төрж мэндлэхэд эрх чөлөөтэй, адилхан нэр төртэй, ижил эрхтэй байдаг. Оюун ухаан, нандин чанар заяасан хүн гэгч өөр хоорондоо ахан дүүгийн үзэл санаагаар харьцах учиртай.
        el Ο δήμος ενέκρινε τον προϋπολογισμό για το επόμενο έτος.
        mr सर्व मानवी व्यक्ती जन्मतः स्वतंत्र आहेत व त्यांना समान प्रतिष्ठा व समान अधिकार आहेत. त्यांना विचारशक्ती व सदसद्विवेकबुद्धी लाभलेली आहे व त्यांनी एकमेकांशी बंधुत्वाच्या भावनेने आचरण करावे.
        ne सबै व्यक्तिहरू जन्मजात स्वतन्त्र हुन् ती सबैको समान अधिकार र महत्व छ। निजहरूमा विचार शक्ति र सद्विचार भएकोले निजहरूले आपसमा भातृत्वको भावना बाट व्यवहार गर्नु पर्छ।
        ja 市議会は来年度の予算を可決した。
        zh 市议会通过了明年的预算案。
        ko 시의회는 내년도 예산안을 가결했다.
        ps د بشر ټول افراد آزاد نړۍ ته راځي او د حيثيت او حقوقو له پلوه سره برابر دي. ټول د عقل او وجدان خاوندان دي او يو له بل سره د ورورۍ په روحيې سره بايد چلند کړي.
        ar صادق المجلس البلدي على ميزانية السنة القادمة.
        fa شورای شهر بودجه سال آینده را تصویب کرد.
        yi יעדער מענטש װערט געבױרן פֿרײַ און גלײַך אין כּבֿוד און רעכט.
        ht Tout moun fèt lib, egal ego pou diyite kou wè dwa. Nou gen la rezon ak la konsyans epi nou fèt pou nou aji youn ak lòt ak yon lespri fwatènite.
        tl Ang lahat ng tao'y isinilang na malaya at pantay-pantay sa karangalan at mga karapatan. Sila'y pinagkalooban ng katwiran at budhi at dapat magpalagayan ang isa't isa sa diwa ng pagkakapatiran.
        """;

    private const string OfNone = """
        AB-123-CD XJ-44-PQ KL-902-ZT QW-77-RS MN-555-VB TY-31-GH
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        qsdf jklm azer uiop wxcv bnmq sdfg hjkl qsdf azer tyui opqs dfgh
        int main(void) { for (i = 0; i < n; i++) printf("%d", x[i]); return 0; }
        3f2a9c7e d41d8cd98f00b204e9800998ecf8427e e3b0c44298fc1c149afbf4c8996fb924
        Øll menniskju eru fødd fræls og jøvn til virðingar og mannarættindi. Tey hava skil og samvitsku og eiga at fara hvørt um annað í bróðuranda.
        Alle minsken wurde frij en gelyk yn weardigens en rjochten berne. Hja hawwe ferstân en gewisse meikrigen en hearre har foar inoar oer yn in geast fan bruorskip te hâlden en te dragen.
        Bonvoro Jklm Xyz Qwrt Mnbv Plok Zzxq Hgfd Tryu Vbnm Asdf Poiu Lkjh Gfds
        Dupont Martin Durand Bernard Petit Leroy Moreau Simon Laurent Michel Lefebvre Garcia Martinez Nguyen
        total 48 -rw-r--r-- root root index.html style.css app.js main.py README.md
        IBAN BIC TVA SIRET REF NO
        """;

    public static TheoryData<string, string> Told => [.. Sentences.Split('\n').Select(line => (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]))];

    [Theory, MemberData(nameof(Told))]
    public void ALanguageIsTold(string language, string text) => LanguageDetector.Detect(text).ShouldBe(language);

    [Theory, MemberData(nameof(Told))]
    public void APieceOfATextIsOfItsLanguageOrOfNone(string language, string text)
    {
        foreach (var length in (int[])[12, 20, 30, 40, 60, 80])
            LanguageDetector.Detect(text[..Math.Min(length, text.Length)]).ShouldBeOneOf(language, null);
    }

    // Single sentences of an encyclopaedia and of news.
    [Theory]
    [InlineData("fr")]
    [InlineData("en")]
    public void OfManySentencesNoneIsOfAnotherLanguageAndFewOfNone(string language)
    {
        var told = new[] { "dev", "train" }.SelectMany(part => File.ReadLines(Repository.At($"tests/fixtures/topics/{part}.{language}.csv")).Skip(1)).Select(LanguageDetector.Detect).ToArray();
        told.Distinct().ShouldBeSubsetOf([language, null]);
        told.Count(one => one is null).ShouldBeLessThan(told.Length / 50);
    }

    [Fact]
    public void WhatIsInNoLanguageThatIsKnownIsOfNone() => OfNone.Split('\n').ShouldAllBe(text => LanguageDetector.Detect(text) == null);

    [Fact]
    public void ALongTextIsCutBetweenItsSignsAndReadInAnyForm()
    {
        LanguageDetector.Detect(string.Concat(Enumerable.Repeat("Le conseil a voté le budget 😀 de la commune et il est dans le rouge. ", 200))).ShouldBe("fr");
        LanguageDetector.Detect(string.Concat(Enumerable.Repeat("😀", 2000))).ShouldBeNull();
        LanguageDetector.Detect("Il a été décidé que la réunion aurait lieu à la mairie".Normalize(System.Text.NormalizationForm.FormD)).ShouldBe("fr");
    }
}
